//! The company of real size: it is what it says that it is, and is judged by its sites and ports.

use std::net::IpAddr;

use anyhow::{Context as _, Result};
use cmflow::catalogue::Catalogue;
use cmflow_common::address::Address;
use cmflow_common::packet::protocol;
use cmflow_tests::company::{CLIENTS, Company, NETWORKS, POINTS};
use cmflow_tests::site_files::{judged, read};
use xtask::lab::ScratchDir;

/// The company is sound, and is what it says that it is.
#[test]
fn the_company_is_as_large_as_it_says() -> Result<()> {
    let catalogue = Catalogue::embedded()?;
    let folder = ScratchDir::new("company")?;
    let (file, compiled) = read(&catalogue, &Company::write(folder.path())?)?;
    assert_eq!(file.warnings, []);
    let client = catalogue.role("client").context("the catalogue has clients")?;
    let of_clients = || {
        file.model
            .statements
            .iter()
            .filter(|one| one.role == client && one.site.is_some())
    };
    assert_eq!(of_clients().count(), NETWORKS + CLIENTS);
    for code in ["PR1", "PR2"] {
        let of_site = of_clients().filter(|one| one.site.map(|site| file.model.code(site)) == Some(code));
        assert_eq!(of_site.count(), (NETWORKS + CLIENTS) / 2, "{code}");
    }
    assert_eq!(
        file.model
            .hosts
            .iter()
            .filter(|host| host.name.starts_with("dp"))
            .count(),
        POINTS
    );
    // Classes grow with combinations of roles, sites and ports, not with computers.
    assert!(compiled.classes.len() < 64, "{} classes", compiled.classes.len());
    assert!(compiled.tables.hosts.len() > CLIENTS + POINTS);
    for (address, site, roles) in [
        (
            Company::CENTRAL_SITE_SERVER,
            "CAS",
            &["site-server", "sms-provider"][..],
        ),
        (Company::CENTRAL_SQL, "CAS", &["sql-server"]),
        (
            Company::CENTRAL_UPDATES,
            "CAS",
            &["software-update-point", "upstream-wsus-server"],
        ),
        (
            Company::SERVICE_CONNECTION,
            "CAS",
            &[
                "asset-intelligence-synchronization-point",
                "service-connection-point",
            ],
        ),
        (Company::SITE_SERVER_1, "PR1", &["site-server", "sms-provider"]),
        (Company::SQL_1, "PR1", &["sql-server"]),
        (Company::MANAGEMENT_POINT_1, "PR1", &["management-point"]),
        (Company::MANAGEMENT_POINT_1_V6, "PR1", &["management-point"]),
        (Company::UPDATES_1, "PR1", &["software-update-point"]),
        (Company::SITE_SERVER_2, "PR2", &["site-server", "sms-provider"]),
        (Company::SQL_2, "PR2", &["sql-server"]),
        (Company::MANAGEMENT_POINT_2, "PR2", &["management-point"]),
        (Company::UPDATES_2, "PR2", &["software-update-point"]),
        (
            Company::SECONDARY_SERVER_1,
            "S11",
            &[
                "distribution-point",
                "management-point",
                "site-server",
                "sql-server",
            ],
        ),
        (
            Company::SECONDARY_SERVER_2,
            "S21",
            &[
                "distribution-point",
                "management-point",
                "site-server",
                "sql-server",
            ],
        ),
        // Each stands in a network of clients.
        (Company::POINT_1, "PR1", &["client", "distribution-point"]),
        (
            Company::POINT_2,
            "PR2",
            &["client", "distribution-point", "distribution-point-pxe"],
        ),
        (Company::CLIENT_1, "PR1", &["client"]),
        (Company::CLIENT_2, "PR2", &["client"]),
        (Company::ROAMING_CLIENT_1, "PR1", &["client"]),
        (Company::ROAMING_CLIENT_2, "PR2", &["client"]),
        (Company::CLIENT_1_V6, "PR1", &["client"]),
        (
            Company::DOMAIN_CONTROLLER,
            "-",
            &["domain-controller", "global-catalog-domain-controller"],
        ),
        (
            Company::CONSOLE,
            "-",
            &["client", "configuration-manager-console"],
        ),
        (Company::BACKUP, "-", &["backup"]),
        (Company::SCANNER, "-", &["scanner"]),
        (Company::NOBODY, "-", &[]),
    ] {
        let class = compiled.class(Address::from(address.parse::<IpAddr>()?));
        assert_eq!(compiled.role_names(class.named), roles, "{address}");
        assert_eq!(
            class.site.map_or("-", |site| file.model.code(site)),
            site,
            "{address}"
        );
    }
    Ok(())
}

/// Sites and the ports of sites and hosts decide.
#[test]
fn a_company_is_judged_by_its_sites_and_ports() -> Result<()> {
    let catalogue = Catalogue::embedded()?;
    let folder = ScratchDir::new("judged")?;
    let (_, compiled) = read(&catalogue, &Company::write(folder.path())?)?;
    for (from, to, port, kind) in [
        (Company::CLIENT_1, Company::MANAGEMENT_POINT_1, 443, "documented"),
        (Company::CLIENT_2, Company::MANAGEMENT_POINT_2, 8443, "documented"),
        (
            Company::CLIENT_2,
            Company::MANAGEMENT_POINT_2,
            443,
            "undocumented",
        ),
        (Company::CLIENT_1, Company::UPDATES_1, 8531, "documented"),
        (Company::CLIENT_2, Company::UPDATES_2, 443, "documented"),
        (Company::CLIENT_2, Company::UPDATES_2, 8531, "undocumented"),
        (Company::MANAGEMENT_POINT_2, Company::SQL_2, 14_330, "documented"),
        (Company::MANAGEMENT_POINT_2, Company::SQL_2, 1433, "undocumented"),
        // A management point has its own site's database.
        (Company::MANAGEMENT_POINT_2, Company::SQL_1, 1433, "undocumented"),
        // Databases of parent and child replicate; those of sisters do not.
        (Company::SQL_1, Company::CENTRAL_SQL, 1433, "documented"),
        (Company::SQL_2, Company::SQL_1, 1433, "undocumented"),
        (Company::BACKUP, Company::POINT_1, 10_019, "approved"),
        (Company::BACKUP, Company::CLIENT_1, 10_000, "undocumented"),
        (Company::SCANNER, Company::SQL_1, 22, "approved"),
        (Company::SQL_1, Company::BACKUP, 10_000, "reversed"),
    ] {
        let found = judged(&compiled, from, to, protocol::TCP, port);
        assert_eq!(
            found.kind.name(),
            kind,
            "{from} -> {to} TCP {port}: {:?}",
            found.rules
        );
    }
    Ok(())
}
