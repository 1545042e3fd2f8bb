//! What is said where a URL asks for what is not there.

use maud::{Markup, html};

use crate::dashboard::asked::Asked;

pub(super) fn page(why: &str, asked: &Asked) -> Markup {
    html! {
        h1 { "That cannot be shown" }
        p.refusal role="alert" { (why) "." }
        p { a href=(asked.href()) { (asked.view.name()) " without filters" } }
    }
}
