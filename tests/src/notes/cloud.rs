//! The internet and cloud services, and the cloud management gateway.

/// The cases, in the notation of [`super::Case`].
pub const CASES: &str = r#"
internet; 2016-09
  ss > public tcp/80 => documented by port: site-server/internet/http
  ss > public tcp/443 => documented by port: client/cloud-distribution-point/https site-server/cloud-distribution-point/https

internet; current
  ss > public tcp/80 => documented by port: site-server/internet/http
  ss > public tcp/443
    => documented by port: client/cloud-distribution-point/https client/cloud-management-gateway/https site-server/cloud-distribution-point/https site-server/internet/https
  console > public tcp/443 => documented by port: configuration-manager-console/internet/https
  scp > public tcp/443
    => documented by port: client/cloud-distribution-point/https client/cloud-management-gateway/https service-connection-point/azure-cmg/https service-connection-point/azure-logic-app/https
  client > public tcp/443 => documented by port: client/cloud-distribution-point/https client/cloud-management-gateway/https
  client > public tcp/80 => foreign
  public > client tcp/443 => reversed by port: client/cloud-distribution-point/https client/cloud-management-gateway/https
  exchange > public tcp/5986 => documented by port: exchange-server-connector/exchange-online/winrm-https
  aisp > public tcp/443 => documented by port: asset-intelligence-synchronization-point/microsoft/https client/cloud-distribution-point/https client/cloud-management-gateway/https

console -> internet; 2016-09
  console > public tcp/443 => foreign

CMG, several virtual machines; current
+ conditions.cmg-single-vm = false
  cmgcp > public tcp/10124
    => documented by port if cmg-several-vms: cmg-connection-point/cmg-classic-cloud-service/https-several-vms cmg-connection-point/cmg-virtual-machine-scale-set/https-several-vms
  cmgcp > public tcp/10139
    => documented by port: cmg-connection-point/cmg-classic-cloud-service/https-several-vms cmg-connection-point/cmg-virtual-machine-scale-set/https-several-vms
  cmgcp > public tcp/10140 => documented by port: cmg-connection-point/cmg-classic-cloud-service/tls

CMG, one virtual machine; current
+ conditions.cmg-several-vms = false
  cmgcp > public tcp/10124 => foreign
  cmgcp > public tcp/10155 => documented by port: cmg-connection-point/cmg-classic-cloud-service/tls

CMG, a scale set never uses 10140-10155; current
+ roles.cmg-virtual-machine-scale-set = ["52.1.2.3"]
+ roles.cmg-classic-cloud-service = ["!0.0.0.0/0", "!::/0"]
  cmgcp > public tcp/10140 => undocumented
  cmgcp > public tcp/10130 => documented by port: cmg-connection-point/cmg-virtual-machine-scale-set/https-several-vms

CMG; 2020-04
  cmgcp > public tcp/10140 => documented by port: cmg-connection-point/cmg-classic-cloud-service/tls
  cmgcp > public tcp/10124 => documented by port: cmg-connection-point/cmg-classic-cloud-service/https-several-vms
  cmgcp > sup tcp/443 => documented by port: client/software-update-point/https cmg-connection-point/software-update-point/https
  cmgcp > sup tcp/8531 => documented by port: client/software-update-point/https

CMG; 2016-09
  cmgcp > public tcp/10140 => foreign

CMG, note 3; current
  cmgcp > sup tcp/8531 => documented by port: client/software-update-point/https cmg-connection-point/software-update-point/https
  cmgcp > sup tcp/80 => documented by port: client/software-update-point/http cmg-connection-point/software-update-point/http

service connection point; current
+ conditions.external-notifications = false
  scp > public tcp/443
    => documented by port: client/cloud-distribution-point/https client/cloud-management-gateway/https service-connection-point/azure-cmg/https

Intune; 2016-09 2018-02
  phone > public tcp/443 => documented by port: mobile-device/microsoft-intune/https

Intune; 2020-04 current
  phone > public tcp/443 => foreign

enrollment; current
  mac > enrollp tcp/443 => documented by port: mac-computer/enrollment-proxy-point/https
  phone > enrollp tcp/443 => documented by port: mobile-device/enrollment-proxy-point/https

NDES policy module, erratum; every edition
  client > ndes tcp/80 => documented by port: client/ndes-policy-module/http
  client > ndes udp/80 => undocumented

Exchange; every edition
  exchange > onprem tcp/5985 => documented by port: exchange-server-connector/on-premises-exchange-server/winrm-http

remote control; every edition
  console > client tcp/2701 => documented by port: configuration-manager-console/client/remote-control
  client > console tcp/2701 => reversed by port: configuration-manager-console/client/remote-control
"#;
