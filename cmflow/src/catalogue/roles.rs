//! Roles of the catalogue: which imply which, followed to the end.

use super::draft::Draft;
use super::error::CatalogueError;
use super::model::{EditionId, Role, RoleId, RoleKind};

/// Roles in the order of the files; a [`RoleId`] is an index into them.
pub(super) fn resolve(draft: &Draft) -> Result<Vec<Role>, CatalogueError> {
    let ids: Vec<&str> = draft
        .roles
        .iter()
        .map(|role| role.raw.id.get_ref().as_str())
        .collect();
    let mut direct: Vec<Vec<usize>> = Vec::new();
    for role in &draft.roles {
        let mut implied = Vec::new();
        for wanted in &role.raw.implies {
            let index = ids
                .iter()
                .position(|id| id == wanted)
                .ok_or_else(|| CatalogueError::unknown(&role.place, "role", wanted, ids.iter().copied()))?;
            implied.push(index);
        }
        direct.push(implied);
    }
    let mut roles = Vec::new();
    for (index, role) in draft.roles.iter().enumerate() {
        draft.check_editions(role.raw.editions.as_deref(), &role.place)?;
        let tables_name_it = !matches!(role.raw.kind, RoleKind::List | RoleKind::Named);
        let editions = draft
            .editions
            .iter()
            .filter(|edition| {
                tables_name_it && draft.stands_in(role.raw.editions.as_deref(), role.layer, edition)
            })
            .map(|edition| EditionId(edition.raw.id.get_ref().clone()))
            .collect();
        roles.push(Role {
            id: role.raw.id.get_ref().clone(),
            name: role.raw.name.clone(),
            kind: role.raw.kind,
            editions,
            implies: closure(&direct, index),
        });
    }
    Ok(roles)
}

/// Everything reachable from `start`, in ascending order, without `start` itself.
fn closure(direct: &[Vec<usize>], start: usize) -> Vec<RoleId> {
    let mut reached = vec![false; direct.len()];
    let mut open = vec![start];
    while let Some(index) = open.pop() {
        for &next in &direct[index] {
            if !reached[next] {
                reached[next] = true;
                open.push(next);
            }
        }
    }
    reached[start] = false;
    let ids = reached.iter().enumerate().filter(|(_, reached)| **reached);
    ids.filter_map(|(index, _)| u16::try_from(index).ok().map(RoleId))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn implications_are_followed_to_the_end_even_in_a_circle() {
        let direct = [vec![1], vec![2], vec![0], vec![]];
        assert_eq!(closure(&direct, 0), [RoleId(1), RoleId(2)]);
        assert_eq!(closure(&direct, 3), []);
    }
}
