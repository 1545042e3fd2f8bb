-- One row of where the history stands.
CREATE TABLE state (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    begun      INTEGER,          -- microseconds since 1970
    written    INTEGER,          -- microseconds since 1970
    run        INTEGER,          -- of the kernel's counters, for "counter" and "live"
    interfaces TEXT NOT NULL     -- JSON: [[name, hook], …]
);
INSERT INTO state (id, interfaces) VALUES (1, '[]');

-- What a verdict is, by content: numbers of tables come and go.
CREATE TABLE verdict (
    id    INTEGER PRIMARY KEY,
    kind  TEXT NOT NULL,
    rules TEXT NOT NULL,         -- JSON: [id, …]
    basis TEXT NOT NULL,         -- '' where there is none
    UNIQUE (kind, rules, basis)
);

-- The kernel's counters as they were last read.
CREATE TABLE counter (
    verdict INTEGER PRIMARY KEY,
    packets INTEGER NOT NULL,
    bytes   INTEGER NOT NULL
);

-- By verdict; "at" counts minutes, hours and days since 1970.
CREATE TABLE minute (
    at INTEGER NOT NULL, verdict INTEGER NOT NULL,
    packets INTEGER NOT NULL, bytes INTEGER NOT NULL, flows INTEGER NOT NULL, answered INTEGER NOT NULL,
    proving INTEGER NOT NULL, refused INTEGER NOT NULL, one_sided INTEGER NOT NULL,
    PRIMARY KEY (at, verdict)
) WITHOUT ROWID;
CREATE TABLE hour (
    at INTEGER NOT NULL, verdict INTEGER NOT NULL,
    packets INTEGER NOT NULL, bytes INTEGER NOT NULL, flows INTEGER NOT NULL, answered INTEGER NOT NULL,
    proving INTEGER NOT NULL, refused INTEGER NOT NULL, one_sided INTEGER NOT NULL,
    PRIMARY KEY (at, verdict)
) WITHOUT ROWID;
CREATE TABLE day (
    at INTEGER NOT NULL, verdict INTEGER NOT NULL,
    packets INTEGER NOT NULL, bytes INTEGER NOT NULL, flows INTEGER NOT NULL, answered INTEGER NOT NULL,
    proving INTEGER NOT NULL, refused INTEGER NOT NULL, one_sided INTEGER NOT NULL,
    PRIMARY KEY (at, verdict)
) WITHOUT ROWID;

-- Addresses are 4 or 16 bytes and the length of the prefix; days are history::Days without the zeros at its end.
CREATE TABLE conversation (
    verdict INTEGER NOT NULL, protocol INTEGER NOT NULL, port INTEGER NOT NULL,
    initiator BLOB NOT NULL, responder BLOB NOT NULL,
    packets INTEGER NOT NULL, bytes INTEGER NOT NULL, flows INTEGER NOT NULL, answered INTEGER NOT NULL,
    proving INTEGER NOT NULL, refused INTEGER NOT NULL, one_sided INTEGER NOT NULL,
    first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, last_proving INTEGER,
    hit BLOB NOT NULL, proved BLOB NOT NULL,
    port_low INTEGER NOT NULL, port_high INTEGER NOT NULL,
    initiators INTEGER NOT NULL, responders INTEGER NOT NULL,
    folded INTEGER NOT NULL,
    PRIMARY KEY (verdict, protocol, port, initiator, responder)
) WITHOUT ROWID;

-- What flows hold that live in the kernel, by conversation: apart, so that a conversation can be folded meanwhile.
CREATE TABLE live (
    verdict INTEGER NOT NULL, protocol INTEGER NOT NULL, port INTEGER NOT NULL,
    initiator BLOB NOT NULL, responder BLOB NOT NULL,
    packets INTEGER NOT NULL, bytes INTEGER NOT NULL, flows INTEGER NOT NULL, answered INTEGER NOT NULL,
    proving INTEGER NOT NULL, refused INTEGER NOT NULL, one_sided INTEGER NOT NULL,
    PRIMARY KEY (verdict, protocol, port, initiator, responder)
) WITHOUT ROWID;

CREATE TABLE sighting (
    who BLOB NOT NULL, interface TEXT NOT NULL, here INTEGER NOT NULL,
    PRIMARY KEY (who, interface, here)
) WITHOUT ROWID;

CREATE TABLE outage (
    id INTEGER PRIMARY KEY,
    begun INTEGER NOT NULL, ended INTEGER NOT NULL,
    kind TEXT NOT NULL, note TEXT NOT NULL
);

CREATE TABLE generation (
    id       INTEGER PRIMARY KEY,
    begun    INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    edition  TEXT NOT NULL,
    version  TEXT NOT NULL,
    possible TEXT NOT NULL       -- sha256 of the text that lists the rules, one a line
);
CREATE TABLE generation_file (
    generation INTEGER NOT NULL, place INTEGER NOT NULL,
    path TEXT NOT NULL, kind TEXT NOT NULL, sha256 TEXT NOT NULL,
    PRIMARY KEY (generation, place)
) WITHOUT ROWID;
-- Each text once; those of old generations go where they take too much room.
CREATE TABLE text (
    sha256 TEXT PRIMARY KEY,
    text   TEXT NOT NULL
);
