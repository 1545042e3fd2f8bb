//! An approval that is asked for over HTTP: written as `cmflow approve` writes it.

use crate::approve::{Desk, Made, Patience, Refusal, Request};
use crate::catalogue::Catalogue;
use crate::config::{Ended, Reading};

use super::start::Settings;

/// Somebody else who changes files there is waited for so many tenths of a second.
const TRIES: u32 = 50;

/// Writes it, or says why not. The tables are made anew by whoever asks.
pub(super) fn approve(settings: &Settings, request: &Request) -> Result<Made, Refusal> {
    let catalogue =
        Catalogue::load(settings.catalogue.as_deref()).map_err(|error| Refusal::Other(error.into()))?;
    let desk = Desk {
        site: &settings.site,
        catalogue: &catalogue,
        reading: Reading {
            today: settings.wall.today(),
            ended: Ended::LeftOut,
        },
        patience: Patience::Tries(TRIES),
        write_site: false,
        until: "until",
        or: ", or use cmflow approve --write-site",
    };
    desk.approve(request)
}
