//! Verdicts: what the tables say of a flow.

/// The kinds of verdict, in their order of precedence.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerdictKind {
    /// One rule of the page, or a set of them, explains it.
    Documented = 0,
    /// The user's own rule or exception explains it.
    Approved,
    /// A companion catalogue explains it.
    Baseline,
    /// Known ends, no ports to see.
    Opaque,
    /// It does not cross the gateway.
    Local,
    /// A rule fits, but the end that was seen to open it is the wrong one.
    Reversed,
    /// Both ends are known, and no rule fits.
    Undocumented,
    /// One end is known.
    Foreign,
    /// Neither end is known.
    OutOfScope,
}

impl VerdictKind {
    /// All kinds, in order of precedence.
    pub const ALL: [Self; 9] = [
        Self::Documented,
        Self::Approved,
        Self::Baseline,
        Self::Opaque,
        Self::Local,
        Self::Reversed,
        Self::Undocumented,
        Self::Foreign,
        Self::OutOfScope,
    ];

    /// The name that tables and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Approved => "approved",
            Self::Baseline => "baseline",
            Self::Opaque => "opaque",
            Self::Local => "local",
            Self::Reversed => "reversed",
            Self::Undocumented => "undocumented",
            Self::Foreign => "foreign",
            Self::OutOfScope => "out-of-scope",
        }
    }
}

/// Number of a verdict: the built-in ones below, then what the compiler numbers, one for each distinct
/// kind, set of rules and basis. Numbers are only ever added while a daemon's tables live.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerdictId(pub u16);

impl VerdictId {
    /// Both ends known, no rule.
    pub const UNDOCUMENTED: Self = Self(0);
    /// Stands in a [`Judgement`] where no expectation changes anything.
    pub const NOT_EXPECTED: Self = Self(0);
    /// One end known, and the site file wants such flows of that end flagged.
    pub const FOREIGN_FLAGGED: Self = Self(1);
    /// One end known.
    pub const FOREIGN: Self = Self(2);
    /// Neither end known.
    pub const OUT_OF_SCOPE: Self = Self(3);
    /// Does not cross the gateway.
    pub const LOCAL: Self = Self(4);
    /// Known ends, no ports to see.
    pub const OPAQUE: Self = Self(5);
    /// The first number that the compiler gives.
    pub const FIRST_COMPILED: Self = Self(8);

    /// Mark of a reversed one beside its number, so that the program can tell without a lookup.
    pub const REVERSED: u16 = 1 << 15;

    /// The number without the mark: the index of its counters.
    #[inline(always)]
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0 & !Self::REVERSED
    }

    /// Whether it is a reversed one.
    #[inline(always)]
    #[must_use]
    pub const fn is_reversed(self) -> bool {
        self.0 & Self::REVERSED != 0
    }

    /// Kind of a built-in verdict; nothing for compiled and reserved numbers.
    #[must_use]
    pub const fn builtin(self) -> Option<VerdictKind> {
        match self {
            Self::UNDOCUMENTED => Some(VerdictKind::Undocumented),
            Self::FOREIGN_FLAGGED | Self::FOREIGN => Some(VerdictKind::Foreign),
            Self::OUT_OF_SCOPE => Some(VerdictKind::OutOfScope),
            Self::LOCAL => Some(VerdictKind::Local),
            Self::OPAQUE => Some(VerdictKind::Opaque),
            _ => None,
        }
    }
}

/// What the verdict table says of a pair of endpoint classes and a port class.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Judgement {
    /// Verdict where the initiator was seen to open the flow.
    pub seen: VerdictId,
    /// Verdict where the initiator is only inferred; never a reversed one.
    pub inferred: VerdictId,
    /// Verdict where an endpoint mapper announced the connection; [`VerdictId::NOT_EXPECTED`] where none can.
    pub expected: VerdictId,
    /// Keeps the size a multiple of eight bytes.
    pub zero: u16,
}

impl Judgement {
    /// One that no endpoint mapper has a say in.
    #[must_use]
    pub const fn new(seen: VerdictId, inferred: VerdictId) -> Self {
        Self {
            seen,
            inferred,
            expected: VerdictId::NOT_EXPECTED,
            zero: 0,
        }
    }
}
