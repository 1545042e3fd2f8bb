//! What `nft -j list ruleset` says of what is forwarded (libnftables-json(5)).

use std::collections::BTreeMap;

use serde_json::Value;

use super::nft_match::{self, Sets};
use super::region::Region;
use super::{Action, Chain, FirewallLine, RuleBase, Unread};

/// How deep chains may call each other; nft itself allows 16.
const DEPTH: usize = 16;

/// Family, table and name.
type Key<'a> = (&'a str, &'a str, &'a str);

struct Ruleset<'a> {
    rules: BTreeMap<Key<'a>, Vec<&'a Value>>,
    sets: Sets<'a>,
}

/// Reads it.
pub(super) fn read(text: &str) -> Result<RuleBase, String> {
    let json: Value = serde_json::from_str(text)
        .map_err(|error| format!("{error}; is it what nft -j list ruleset prints?"))?;
    let Some(objects) = json.get("nftables").and_then(Value::as_array) else {
        return Err("there is no \"nftables\" in it; make it by nft -j list ruleset".to_owned());
    };
    let mut ruleset = Ruleset {
        rules: BTreeMap::new(),
        sets: Sets::new(),
    };
    let mut bases = Vec::new();
    for object in objects {
        if let Some(rule) = object.get("rule") {
            ruleset.rules.entry(key(rule, "chain")).or_default().push(rule);
        } else if let Some(set) = object.get("set") {
            ruleset.sets.insert(key(set, "name"), set);
        } else if let Some(chain) = object.get("chain")
            && word(chain, "hook") == "forward"
            && word(chain, "type") == "filter"
        {
            bases.push(chain);
        }
    }
    bases.sort_by_key(|chain| chain.get("prio").and_then(Value::as_i64));
    let mut base = RuleBase::default();
    for chain in bases {
        let key = key(chain, "name");
        let (family, ..) = key;
        let place = format!("{} {} {}", key.0, key.1, key.2);
        let families = match family {
            "ip" => [true, false],
            "ip6" => [false, true],
            "inet" => [true, true],
            other => {
                base.unread.push(Unread {
                    place,
                    name: String::new(),
                    why: format!("chains of the family {other} are not read"),
                });
                continue;
            }
        };
        let accepts = word(chain, "policy") != "drop";
        let action = if accepts { Action::Accept } else { Action::Drop };
        let mut region = Region::everything();
        of_families(&mut region, families);
        let policy = FirewallLine {
            place: format!("{place} policy"),
            name: format!("policy {}", action.name()),
            action,
            region: region.clone(),
            policy: true,
        };
        let mut lines = Vec::new();
        ruleset.follow(key, &region, &policy, 0, &mut lines, &mut base.unread);
        lines.push(policy);
        base.chains.push(Chain { lines, families });
    }
    if base.chains.is_empty() && base.unread.is_empty() {
        return Err("no chain of it filters what is forwarded (type filter hook forward)".to_owned());
    }
    Ok(base)
}

fn of_families(region: &mut Region, families: [bool; 2]) {
    for family in (0..2).filter(|family| !families[*family]) {
        region.sources[family] = super::ranges::Ranges::default();
        region.destinations[family] = super::ranges::Ranges::default();
    }
}

fn word<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get(field).and_then(Value::as_str).unwrap_or("")
}

fn key<'a>(object: &'a Value, name: &str) -> Key<'a> {
    (word(object, "family"), word(object, "table"), word(object, name))
}

/// How a rule ends.
enum Ending<'a> {
    Decides(Action),
    Jumps(&'a str),
    Goes(&'a str),
    /// It only counts or logs.
    Nothing,
}

impl<'a> Ruleset<'a> {
    /// Lines of a chain and those it calls, for what comes to it.
    fn follow(
        &self,
        chain: Key<'a>,
        coming: &Region,
        policy: &FirewallLine,
        depth: usize,
        lines: &mut Vec<FirewallLine>,
        unread: &mut Vec<Unread>,
    ) {
        for rule in self.rules.get(&chain).into_iter().flatten() {
            let handle = rule.get("handle").and_then(Value::as_u64).unwrap_or_default();
            let place = format!("{} {} {} handle {handle}", chain.0, chain.1, chain.2);
            let name = word(rule, "comment").to_owned();
            let mut not_understood = |why: String| {
                unread.push(Unread {
                    place: place.clone(),
                    name: name.clone(),
                    why,
                });
            };
            let (region, ending) = match self.rule(rule, chain, coming) {
                Ok(Some(read)) => read,
                // It is not about what opens a conversation.
                Ok(None) => continue,
                Err(why) => {
                    not_understood(why);
                    continue;
                }
            };
            let called = |name: &'a str| (chain.0, chain.1, name);
            match ending {
                Ending::Nothing => {}
                Ending::Decides(action) => lines.push(FirewallLine {
                    place,
                    name,
                    action,
                    region,
                    policy: false,
                }),
                Ending::Jumps(_) | Ending::Goes(_) if depth == DEPTH => {
                    not_understood("chains call each other too deep".to_owned());
                }
                Ending::Jumps(to) => self.follow(called(to), &region, policy, depth + 1, lines, unread),
                Ending::Goes(_) if depth > 0 => {
                    not_understood("goto in a chain that is called itself".to_owned());
                }
                Ending::Goes(to) => {
                    self.follow(called(to), &region, policy, depth + 1, lines, unread);
                    lines.push(FirewallLine {
                        region,
                        ..policy.clone()
                    });
                }
            }
        }
    }

    /// What a rule is about, and how it ends; nothing where it cannot meet what opens a conversation.
    fn rule(
        &self,
        rule: &'a Value,
        chain: Key<'a>,
        coming: &Region,
    ) -> Result<Option<(Region, Ending<'a>)>, String> {
        let mut region = coming.clone();
        let mut ending = Ending::Nothing;
        let mut strange = None;
        let statements = rule.get("expr").and_then(Value::as_array);
        for statement in statements.into_iter().flatten() {
            let Some((kind, what)) = statement.as_object().and_then(|object| object.iter().next()) else {
                return Err("a statement that is no object".to_owned());
            };
            match kind.as_str() {
                "match" => match nft_match::narrow(&mut region, what, &self.sets, chain) {
                    Ok(true) => {}
                    Ok(false) => return Ok(None),
                    // A later match may still say that it is not about what opens.
                    Err(why) => strange = strange.or(Some(why)),
                },
                "counter" | "log" | "comment" | "ct helper" => {}
                "accept" => ending = Ending::Decides(Action::Accept),
                "drop" | "reject" => ending = Ending::Decides(Action::Drop),
                "jump" => ending = Ending::Jumps(word(what, "target")),
                "goto" => ending = Ending::Goes(word(what, "target")),
                // `ct state vmap { established : accept }` decides of what is open already.
                "vmap" if nft_match::is_of_open_conversations(what) => return Ok(None),
                "limit" => strange = strange.or(Some("it holds up to a limit only".to_owned())),
                other => strange = strange.or(Some(format!("\"{other}\" is not understood"))),
            }
        }
        if region.is_empty() {
            return Ok(None);
        }
        match (strange, &ending) {
            // What only counts or logs lets nothing through, whatever it is about.
            (Some(why), Ending::Nothing) if why.contains("limit") => Ok(None),
            (Some(why), _) => Err(why),
            (None, _) => Ok(Some((region, ending))),
        }
    }
}

/// Leaves one family of a region: 0 for IPv4, 1 for IPv6.
pub(super) fn family_only(region: &mut Region, family: usize) {
    let mut families = [false; 2];
    families[family] = true;
    of_families(region, families);
}
