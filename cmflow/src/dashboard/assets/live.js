// Keeps a page up to date: at every tick it fetches the page anew and changes what differs, so that focus, scroll and
// what is being typed stay. Without it pages work all the same.

const RETRY_MS = 2000;
const $ = (id) => document.getElementById(id);
const state = $("live-state");
const notice = $("notice");
const pause = $("pause");
let events = null;
let paused = false;
let fetching = false;
let again = false;
let lost = false;
let over = false;
let retry = 0;
let daemon = document.querySelector('meta[name="cmflow-daemon"]')?.content;

function show(name, words) {
  if (state.dataset.state !== name) {
    state.dataset.state = name;
    state.textContent = words;
  }
}

// Said aloud too, so only what somebody has to know.
function say(words, kind) {
  notice.textContent = words;
  notice.dataset.kind = words ? kind : "";
}

// Makes `now` like `next`, and touches nothing that is alike.
function morph(now, next) {
  for (const { name, value } of [...next.attributes]) {
    if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  }
  for (const { name } of [...now.attributes]) {
    // Whoever opened a detail wants it open.
    if (!next.hasAttribute(name) && name !== "open") now.removeAttribute(name);
  }
  children(now, next);
}

function alike(a, b) {
  return (
    a.nodeType === b.nodeType &&
    a.nodeName === b.nodeName &&
    (a.nodeType !== 1 || (a.dataset.key === b.dataset.key && a.id === b.id))
  );
}

// Rows of what is gone, for what is new. Rows that are made anew each second leave something behind outside the page:
// Chromium's own process grew by a megabyte a minute under a page of flows.
function spare(keyed, next) {
  const wanted = new Set();
  for (const child of next.children) {
    if (child.dataset.key) wanted.add(child.dataset.key);
  }
  const gone = [];
  for (const [key, row] of keyed) {
    const used = row.contains(document.activeElement) || row.querySelector("details[open]");
    if (!wanted.has(key) && !used) gone.push(row);
  }
  return gone.reverse();
}

function children(now, next) {
  const keyed = new Map();
  for (const child of now.children) {
    if (child.dataset.key) keyed.set(child.dataset.key, child);
  }
  const gone = keyed.size ? spare(keyed, next) : [];
  let at = now.firstChild;
  for (const wanted of [...next.childNodes]) {
    const known = wanted.nodeType === 1 && wanted.dataset.key ? keyed.get(wanted.dataset.key) : null;
    if (known && known !== at && known.parentNode === now && alike(known, wanted)) {
      // Moving a row takes the focus out of it.
      const focused = known.contains(document.activeElement) ? document.activeElement : null;
      now.insertBefore(known, at);
      focused?.focus({ preventScroll: true });
      morph(known, wanted);
      continue;
    }
    const last = gone.at(-1);
    if (wanted.dataset?.key && !known && last && last.nodeName === wanted.nodeName && last.id === wanted.id) {
      gone.pop();
      if (last === at) at = at.nextSibling;
      else now.insertBefore(last, at);
      morph(last, wanted);
      continue;
    }
    if (at && alike(at, wanted)) {
      const following = at.nextSibling;
      if (at.nodeType === 1) morph(at, wanted);
      else if (at.nodeValue !== wanted.nodeValue) at.nodeValue = wanted.nodeValue;
      at = following;
    } else {
      now.insertBefore(document.importNode(wanted, true), at);
    }
  }
  while (at) {
    const following = at.nextSibling;
    at.remove();
    at = following;
  }
}

async function refresh() {
  if (paused || over || document.hidden) return;
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  try {
    const response = await fetch(location.pathname + location.search, {
      headers: { Accept: "text/html" },
      signal: AbortSignal.timeout(15000),
    });
    if (response.status === 401) return end();
    if (response.status >= 500) throw new Error(String(response.status));
    const next = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!paused) take(next);
  } catch {
    missed();
  } finally {
    fetching = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

function take(next) {
  const now = next.querySelector('meta[name="cmflow-daemon"]')?.content;
  if (!now) return;
  if (now !== daemon) {
    daemon = now;
    say(`The daemon was started anew at ${now.slice(11, 19)} UTC. This page goes on with it.`, "restart");
  } else if (lost) {
    say("The connection is back.", "back");
  }
  lost = false;
  show("live", "live");
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = next.getElementById(part.id);
    if (other) morph(part, other);
  }
  document.title = next.title;
}

function missed() {
  if (!lost) say("Connection lost, trying again. What stands here is what was last read.", "lost");
  lost = true;
  show("lost", "connection lost");
}

// Whoever looks has to sign in again: here, or in another page of this daemon, the session has ended.
function end() {
  over = true;
  clearTimeout(retry);
  events?.close();
  say("You are signed out. Load this page again to sign in; what stands here is what was last read.", "over");
  show("over", "signed out");
}

function listen() {
  clearTimeout(retry);
  events?.close();
  if (paused || over || document.hidden) return;
  events = new EventSource("/api/v1/events");
  for (const name of ["snapshot", "tick"]) events.addEventListener(name, refresh);
  events.onopen = () => {
    if (lost) refresh();
  };
  events.onerror = () => {
    missed();
    // A browser gives up by itself after some answers; this page does not.
    if (events.readyState !== EventSource.CLOSED) return;
    retry = setTimeout(listen, RETRY_MS);
    // It does not say why; a page does.
    refresh();
  };
}

pause.hidden = false;
pause.addEventListener("click", () => {
  paused = !paused;
  pause.setAttribute("aria-pressed", String(paused));
  pause.textContent = paused ? "Go on" : "Pause";
  if (paused) {
    events?.close();
    show("paused", "paused");
  } else if (!over) {
    show("live", "live");
    listen();
    refresh();
  }
});

// A page that nobody sees asks for nothing; browsers allow six connections to one place.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    clearTimeout(retry);
    events?.close();
  } else if (!paused) {
    listen();
    refresh();
  }
});

const theme = $("theme");
const themes = ["auto", "light", "dark"];
function named() {
  const chosen = document.documentElement.dataset.theme;
  theme.textContent = `Theme: ${chosen}`;
  return chosen;
}
theme.hidden = false;
theme.addEventListener("click", () => {
  const next = themes[(themes.indexOf(named()) + 1) % themes.length];
  document.documentElement.dataset.theme = next;
  document.cookie = `cmflow-theme=${next}; path=/; max-age=31536000; samesite=strict`;
  named();
});
named();

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.id !== "approval") return;
  event.preventDefault();
  const { token, ...approval } = Object.fromEntries(new FormData(form));
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const response = await fetch(form.action, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify(approval),
    });
    const said = await response.json().catch(() => ({}));
    if (response.ok) {
      say(`Approved as ${said.id ?? "asked"}. From its next packet on the flow is judged anew.`, "done");
      form.reset();
    } else {
      say(`Not approved: ${said.detail ?? `the daemon answered ${response.status}`}`, "refused");
    }
  } catch {
    say("Not approved: the daemon does not answer.", "refused");
  } finally {
    button.disabled = false;
    form.elements.token.value = "";
  }
});

listen();
