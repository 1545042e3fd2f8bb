//! Connections: how many there are at a time, and how long each may take for what.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::patience::Patient;
use super::wrong::Peer;

/// Connections at a time. More wait until one of them ends.
const CONNECTIONS: usize = 256;
/// How long a request's head, and the silence before it, may take.
const HEAD: Duration = Duration::from_secs(10);
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a request's head may be, its address among it.
const LONGEST_HEAD: usize = 16 * 1024;

/// Takes connections until the task is dropped.
pub(super) async fn accept(listener: TcpListener, tls: Option<Arc<ServerConfig>>, router: Router) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return log::error!("the dashboard cannot listen: {error}"),
    };
    let acceptor = tls.map(TlsAcceptor::from);
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let (stream, peer) = match listener.accept().await {
            Ok((stream, peer)) => (stream, Peer(peer.ip())),
            Err(error) => {
                log::warn!("a connection could not be taken: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        // Events are small and wanted at once.
        let _ = stream.set_nodelay(true);
        let (acceptor, router) = (acceptor.clone(), router.clone());
        tokio::spawn(async move {
            let stream = Patient::new(stream);
            match acceptor {
                None => talk(stream, peer, router).await,
                Some(acceptor) => {
                    if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                        talk(stream, peer, router).await;
                    }
                }
            }
            drop(place);
        });
    }
}

async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin, peer: Peer, router: Router) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        router.call(request)
    });
    let talked = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    // Whoever goes away, is slow, or speaks something else is no problem of the daemon's.
    if let Err(error) = talked {
        log::debug!("a connection ended: {error}");
    }
}
