//! What the facade has, read from its sources: the data types that cross to other languages, and the verbs.
//!
//! The sources are parsed, macros of their own expanded; nothing is compiled, so that `tidy` can ask in a moment.

pub(crate) mod crates;
pub(crate) mod expand;
pub(crate) mod model;
mod read;

use anyhow::Result;

pub(crate) use crates::Crate;
pub(crate) use model::{Field, Item, Kind, Model, Type, Variant};
pub(crate) use read::exported;

/// Reads the data types of the facade.
pub(crate) fn model() -> Result<Model> {
    model_of(&Crate::read("sdk/sip-client/src")?, &Crate::read("sdk/driver/src")?)
}

/// The data types of a facade that re-exports some of a driver.
pub(crate) fn model_of(facade: &Crate, driver: &Crate) -> Result<Model> {
    read::model(facade, &[("rvoip_driver", driver)])
}
