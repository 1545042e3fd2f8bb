//! Sets of roles, and what holding roles means: implications, and what only an initiator is.

use std::fmt;

use crate::catalogue::{Catalogue, RoleId, RoleKind};
use crate::site::{Extent, FlagForeign, SiteModel};

/// A set of roles.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleSet([u128; 2]);

impl RoleSet {
    /// How many roles there may be.
    pub const CAPACITY: usize = 256;

    /// The set of one role.
    #[must_use]
    pub const fn of(role: RoleId) -> Self {
        let mut words = [0; 2];
        words[role.0 as usize / 128] = 1 << (role.0 % 128);
        Self(words)
    }

    /// Whether the role is in it.
    #[must_use]
    pub const fn contains(self, role: RoleId) -> bool {
        self.0[role.0 as usize / 128] & 1 << (role.0 % 128) != 0
    }

    /// Whether no role is in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0[0] | self.0[1] == 0
    }

    /// Roles of either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self([self.0[0] | other.0[0], self.0[1] | other.0[1]])
    }

    /// Roles of both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self([self.0[0] & other.0[0], self.0[1] & other.0[1]])
    }

    /// Roles of this set that the other one has not.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self([self.0[0] & !other.0[0], self.0[1] & !other.0[1]])
    }

    /// The roles in it, in the order of their ids.
    pub fn iter(self) -> impl Iterator<Item = RoleId> {
        let words = [0_u16, 128].into_iter().zip(self.0);
        words.flat_map(|(first, mut rest)| {
            std::iter::from_fn(move || {
                let role = u16::try_from(rest.trailing_zeros()).ok().filter(|_| rest != 0)?;
                rest &= rest - 1;
                Some(RoleId(first + role))
            })
        })
    }
}

impl FromIterator<RoleId> for RoleSet {
    fn from_iter<I: IntoIterator<Item = RoleId>>(roles: I) -> Self {
        roles
            .into_iter()
            .fold(Self::default(), |set, role| set.union(Self::of(role)))
    }
}

impl fmt::Debug for RoleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|role| role.0)).finish()
    }
}

/// What the roles of a catalogue and a site file imply.
pub(super) struct RoleBook {
    /// For each role: itself and what it implies.
    closures: Vec<RoleSet>,
    /// Roles that only somebody on the internet holds.
    pub(super) public: RoleSet,
    /// Roles of every computer that the site file names.
    named: RoleSet,
    end_points: RoleSet,
    site_systems: RoleSet,
    client: RoleSet,
    /// Number of the first set of addresses.
    first_address_set: usize,
    flag_foreign: FlagForeign,
}

impl RoleBook {
    /// Nothing where there are more roles than a set can hold.
    pub(super) fn new(catalogue: &Catalogue, site: &SiteModel) -> Option<Self> {
        let roles = catalogue.roles.len() + site.custom_roles.len() + site.address_sets.len();
        if roles > RoleSet::CAPACITY {
            return None;
        }
        let ids = || (0_u16..).map(RoleId).take(roles);
        let of_kind = |kind: RoleKind| -> RoleSet {
            let roles = ids().zip(&catalogue.roles).filter(|(_, role)| role.kind == kind);
            roles.map(|(id, _)| id).collect()
        };
        let named = |id: &str| catalogue.role(id).map(RoleSet::of).unwrap_or_default();
        let closures = ids().map(|id| {
            let implied = catalogue
                .roles
                .get(usize::from(id.0))
                .map(|role| role.implies.iter().copied());
            implied
                .into_iter()
                .flatten()
                .collect::<RoleSet>()
                .union(RoleSet::of(id))
        });
        Some(Self {
            closures: closures.collect(),
            public: of_kind(RoleKind::Public),
            named: of_kind(RoleKind::Named),
            end_points: of_kind(RoleKind::EndPoint),
            site_systems: of_kind(RoleKind::SiteSystem).union(named("site-system")),
            client: named("client"),
            first_address_set: catalogue.roles.len() + site.custom_roles.len(),
            flag_foreign: site.flag_foreign,
        })
    }

    /// What stands for each of [`SiteModel::address_sets`] among the roles.
    pub(super) fn address_sets(&self) -> impl Iterator<Item = RoleId> + use<> {
        (0_u16..).map(RoleId).skip(self.first_address_set)
    }

    /// Roles as initiator and as responder of a computer that holds those; `known` where the site file names it
    /// by its address.
    ///
    /// A site system is a managed computer, so it is a client where it opens a flow; where it answers, it is
    /// none, else RDP to a SQL Server would pass as Remote Assistance.
    pub(super) fn by_direction(&self, held: RoleSet, known: bool) -> (RoleSet, RoleSet) {
        let named = if known { self.named } else { RoleSet::default() };
        let all = held
            .iter()
            .fold(named, |all, role| all.union(self.closures[usize::from(role.0)]));
        if all.intersection(self.site_systems).is_empty() {
            (all, all)
        } else {
            (all.union(self.client), all.without(self.client))
        }
    }

    /// Roles at the answering end of computers that the site file names, by its prefixes and by its sides.
    pub(super) fn answering(&self, site: &SiteModel) -> RoleSet {
        let given = site.statements.iter().filter(|one| one.given);
        let named = given.filter(|one| matches!(one.extent, Extent::Prefix(_)));
        let roles = named.map(|one| one.role);
        let roles = roles.chain(site.interfaces.iter().map(|side| side.role));
        roles.fold(RoleSet::default(), |all, role| {
            let (_, answering) = self.by_direction(RoleSet::of(role), true);
            all.union(answering)
        })
    }

    /// Whether the site file wants flows flagged that a holder of these roles has with somebody unknown.
    /// `known` as for [`Self::by_direction`].
    pub(super) const fn is_flagged_if_foreign(&self, held: RoleSet, known: bool) -> bool {
        match self.flag_foreign {
            FlagForeign::SiteSystems => self.is_more_than_client(held),
            FlagForeign::All => known,
            FlagForeign::None => false,
        }
    }

    /// Whether a holder of these roles is more than somebody's workstation or a service on the internet.
    const fn is_more_than_client(&self, held: RoleSet) -> bool {
        let everyone = self.end_points.union(self.public).union(self.named);
        !held.without(everyone).is_empty()
    }
}
