//! Whole Ethernet frames, VLAN tags and all, by way of an AF_PACKET socket.
//!
//! The way to send a tagged frame on a kernel without the 802.1Q module. On *receipt* the kernel has
//! already taken the outermost tag off a frame; it is put back here from the socket's auxiliary data.

use std::ffi::CString;
use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;

use anyhow::{Context, Result};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::sockets::LIMIT;

const ETHERNET_ADDRESSES: usize = 12;
const FRAME_MAX: usize = 65_536 + 64;

/// Sends and receives frames on one interface.
#[derive(Debug)]
pub struct FrameSocket {
    socket: Socket,
    address: [u8; 6],
}

impl FrameSocket {
    pub(super) fn open(interface: &str) -> Result<Self> {
        let every_protocol = u16::try_from(libc::ETH_P_ALL).context("ETH_P_ALL")?.to_be();
        let socket = Socket::new(
            Domain::PACKET,
            Type::RAW,
            Some(Protocol::from(i32::from(every_protocol))),
        )?;
        let index = interface_index(interface)?;
        socket.bind(&link_address(every_protocol, index)?)?;
        enable_auxiliary_data(&socket)?;
        socket.set_read_timeout(Some(LIMIT))?;
        Ok(Self {
            socket,
            address: hardware_address(interface)?,
        })
    }

    /// Ethernet address of the interface.
    pub fn address(&self) -> [u8; 6] {
        self.address
    }

    /// Sends a frame as it is.
    pub fn send(&self, frame: &[u8]) -> Result<()> {
        let sent = self.socket.send(frame).context("sending a frame")?;
        anyhow::ensure!(
            sent == frame.len(),
            "{sent} of {} bytes of a frame were sent",
            frame.len()
        );
        Ok(())
    }

    /// The next frame that arrives or leaves on the interface; none after `limit`.
    pub fn receive(&self, limit: Duration) -> Result<Option<Vec<u8>>> {
        self.socket
            .set_read_timeout(Some(limit.max(Duration::from_millis(1))))?;
        match self.receive_with_tag() {
            Ok(frame) => Ok(Some(frame)),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                Ok(None)
            }
            Err(error) => Err(error).context("receiving a frame"),
        }
    }

    fn receive_with_tag(&self) -> io::Result<Vec<u8>> {
        let mut frame = vec![0_u8; FRAME_MAX];
        // u64 for the alignment that a control message header needs.
        let mut control = [0_u64; 16];
        let mut part = libc::iovec {
            iov_base: frame.as_mut_ptr().cast(),
            iov_len: frame.len(),
        };
        // SAFETY: all-zero is a valid `msghdr`: null pointers and zero lengths.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = size_of_val(&control);
        // SAFETY: `message` points to `frame` and `control`, which outlive the call, with their lengths.
        let length = unsafe { libc::recvmsg(self.socket.as_raw_fd(), &raw mut message, 0) };
        let length = usize::try_from(length).map_err(|_| io::Error::last_os_error())?;
        frame.truncate(length);
        // SAFETY: the kernel filled `message` in, `control` is still alive.
        if let Some((tpid, tci)) = unsafe { stripped_tag(&message) }
            && frame.len() >= ETHERNET_ADDRESSES
        {
            let tag = [tpid.to_be_bytes(), tci.to_be_bytes()].concat();
            frame.splice(ETHERNET_ADDRESSES..ETHERNET_ADDRESSES, tag);
        }
        Ok(frame)
    }
}

/// Tag protocol and tag that the kernel took off the frame.
///
/// # Safety
/// `message` comes from a successful `recvmsg` and its control buffer is alive.
unsafe fn stripped_tag(message: &libc::msghdr) -> Option<(u16, u16)> {
    // SAFETY: the caller's promise.
    let mut header = unsafe { libc::CMSG_FIRSTHDR(message) };
    while !header.is_null() {
        // SAFETY: not null, so it points to a whole header inside the control buffer.
        let (level, kind) = unsafe { ((*header).cmsg_level, (*header).cmsg_type) };
        if level == libc::SOL_PACKET && kind == libc::PACKET_AUXDATA {
            // SAFETY: such a message carries a `tpacket_auxdata`, aligned or not.
            let data: libc::tpacket_auxdata = unsafe {
                libc::CMSG_DATA(header)
                    .cast::<libc::tpacket_auxdata>()
                    .read_unaligned()
            };
            let valid = data.tp_status & libc::TP_STATUS_VLAN_VALID != 0;
            return valid.then_some((data.tp_vlan_tpid, data.tp_vlan_tci));
        }
        // SAFETY: as for the first header.
        header = unsafe { libc::CMSG_NXTHDR(message, header) };
    }
    None
}

fn enable_auxiliary_data(socket: &Socket) -> io::Result<()> {
    let on: libc::c_int = 1;
    let length = libc::socklen_t::try_from(size_of_val(&on)).map_err(io::Error::other)?;
    // SAFETY: the option is an int, and `on` is one.
    let done = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            libc::PACKET_AUXDATA,
            (&raw const on).cast(),
            length,
        )
    };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

fn link_address(protocol: u16, index: u32) -> Result<SockAddr> {
    let index = i32::try_from(index).context("interface index")?;
    // SAFETY: the storage is large enough for every address; the length written is that of what was.
    let ((), address) = unsafe {
        SockAddr::try_init(|storage, length| {
            let link = storage.cast::<libc::sockaddr_ll>();
            (*link).sll_family = libc::AF_PACKET.try_into().map_err(io::Error::other)?;
            (*link).sll_protocol = protocol;
            (*link).sll_ifindex = index;
            *length = size_of::<libc::sockaddr_ll>()
                .try_into()
                .map_err(io::Error::other)?;
            Ok(())
        })
    }?;
    Ok(address)
}

fn interface_index(interface: &str) -> Result<u32> {
    let name = CString::new(interface)?;
    // SAFETY: `name` is a C string that outlives the call.
    let index = unsafe { libc::if_nametoindex(name.as_ptr()) };
    anyhow::ensure!(index != 0, "no interface {interface} in this namespace");
    Ok(index)
}

fn hardware_address(interface: &str) -> Result<[u8; 6]> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    // SAFETY: all-zero is a valid `ifreq`.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, &from) in request
        .ifr_name
        .iter_mut()
        .take(libc::IFNAMSIZ - 1)
        .zip(interface.as_bytes())
    {
        *to = libc::c_char::from_ne_bytes([from]);
    }
    // SAFETY: the request is an `ifreq` that lives through the call.
    let done = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFHWADDR, &raw mut request) };
    anyhow::ensure!(
        done == 0,
        "hardware address of {interface}: {}",
        io::Error::last_os_error()
    );
    // SAFETY: the call succeeded, so the hardware address is what the union holds.
    let data = unsafe { request.ifr_ifru.ifru_hwaddr.sa_data };
    let mut address = [0; 6];
    for (to, from) in address.iter_mut().zip(data) {
        [*to] = from.to_ne_bytes();
    }
    Ok(address)
}
