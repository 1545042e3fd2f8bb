//! Where the daemon listens, and under which conditions: decided and bound before anything is attached.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::bail;
use tokio_rustls::rustls::ServerConfig;

use super::{Token, tls};

/// Where to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// Nowhere.
    Off,
    /// At an address and a port.
    At(SocketAddr),
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let no_address =
            || format!("\"{text}\" is no address with a port; write 127.0.0.1:8077, [::1]:8077 or off");
        text.parse().map(Self::At).map_err(|_| no_address())
    }
}

/// What a user asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// Where to listen.
    pub address: SocketAddr,
    /// Certificate and key.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// The file that holds the token.
    pub token: Option<PathBuf>,
}

/// A port that is bound, with all that was read while the daemon still had the rights to.
pub struct Opened {
    pub(super) listener: TcpListener,
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) token: Option<Token>,
    pub(super) loopback: bool,
}

impl Door {
    /// Reads certificate, key and token, and binds the port.
    ///
    /// # Errors
    /// Where one of them cannot be had, or others could come in who must not.
    pub fn open(&self) -> anyhow::Result<Opened> {
        let address = self.address;
        let loopback = address.ip().to_canonical().is_loopback();
        if !loopback && (self.tls.is_none() || self.token.is_none()) {
            bail!(
                "--listen {address} can be reached from other computers, and they need a certificate and a token: give \
                 --tls-cert, --tls-key and --token-file too, or listen at 127.0.0.1:{}",
                address.port()
            );
        }
        let token = self.token.as_deref().map(Token::read).transpose()?;
        let files = self.tls.as_ref();
        let tls = files
            .map(|(certificate, key)| tls::configuration(certificate, key))
            .transpose()?;
        let listener = TcpListener::bind(address).map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
                "{address} is taken by another program or another cmflow; give another address with --listen, or \
                 --listen off"
            ),
            std::io::ErrorKind::AddrNotAvailable => {
                anyhow::anyhow!("this machine has no address {}; give another one with --listen, or --listen off", address.ip())
            }
            _ => anyhow::Error::new(error).context(format!("listening at {address}")),
        })?;
        listener.set_nonblocking(true)?;
        Ok(Opened {
            listener,
            tls,
            token,
            loopback,
        })
    }
}

impl Opened {
    /// Its address as a browser wants it.
    pub(super) fn url(&self) -> std::io::Result<String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        Ok(format!("{scheme}://{}/", self.listener.local_addr()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(address: &str) -> Door {
        Door {
            address: address.parse().expect("an address"),
            tls: None,
            token: None,
        }
    }

    #[test]
    fn addresses_are_read_and_off_is_one() {
        assert_eq!(Listen::from_str("off"), Ok(Listen::Off));
        let listen = Listen::from_str("[::1]:80");
        assert_eq!(listen, Ok(Listen::At("[::1]:80".parse().expect("an address"))));
        for wrong in ["", "8077", "localhost:8077", "127.0.0.1", "::1:99999"] {
            let said = Listen::from_str(wrong).expect_err(wrong);
            assert!(said.contains("127.0.0.1:8077"), "{said}");
        }
    }

    #[test]
    fn others_come_in_with_certificate_and_token_alone() {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:192.0.2.1]:0"] {
            let half = Door {
                token: Some("token".into()),
                ..door(address)
            };
            for one in [door(address), half] {
                let said = one
                    .open()
                    .err()
                    .map(|error| error.to_string())
                    .unwrap_or_default();
                assert!(
                    said.contains("--tls-cert") && !said.contains('\n'),
                    "{address}: {said}"
                );
            }
        }
        for address in ["127.0.0.1:0", "127.8.9.1:0"] {
            assert!(
                door(address).open().is_ok_and(|opened| opened.loopback),
                "{address}"
            );
        }
    }

    #[test]
    fn a_port_that_is_taken_is_said_in_a_sentence() {
        let first = door("127.0.0.1:0").open().expect("a free port");
        let taken = Door {
            address: first.listener.local_addr().expect("it is bound"),
            ..door("127.0.0.1:0")
        };
        let said = taken
            .open()
            .err()
            .map(|error| format!("{error:#}"))
            .unwrap_or_default();
        assert!(
            said.contains("is taken by another program") && said.contains("--listen off"),
            "{said}"
        );
    }
}
