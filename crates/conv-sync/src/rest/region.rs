//! The cloud's documented hosts.

/// The region of an app's data, chosen when the app was created and shown in the console.
///
/// The hosts are those of Tencent's REST API overview. For a host that is not listed here, use a
/// [`BaseUrl`](super::BaseUrl).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Region {
    /// China.
    China,
    /// Singapore.
    Singapore,
    /// Seoul.
    Seoul,
    /// Tokyo.
    Tokyo,
    /// Frankfurt.
    Frankfurt,
    /// Silicon Valley.
    SiliconValley,
    /// Jakarta.
    Jakarta,
    /// Riyadh.
    Riyadh,
    /// Mumbai: no longer documented from July 2024 on.
    Mumbai,
}

impl Region {
    /// All regions.
    pub const ALL: [Self; 9] = [
        Self::China,
        Self::Singapore,
        Self::Seoul,
        Self::Tokyo,
        Self::Frankfurt,
        Self::SiliconValley,
        Self::Jakarta,
        Self::Riyadh,
        Self::Mumbai,
    ];

    /// Returns the region's host.
    pub const fn host(self) -> &'static str {
        match self {
            Self::China => "console.tim.qq.com",
            Self::Singapore => "adminapisgp.im.qcloud.com",
            Self::Seoul => "adminapikr.im.qcloud.com",
            Self::Tokyo => "adminapijpn.im.qcloud.com",
            Self::Frankfurt => "adminapiger.im.qcloud.com",
            Self::SiliconValley => "adminapiusa.im.qcloud.com",
            Self::Jakarta => "adminapiidn.im.qcloud.com",
            Self::Riyadh => "adminapiksa.im.qcloud.com",
            Self::Mumbai => "adminapiind.im.qcloud.com",
        }
    }

    /// Returns the region's second host, for when the first cannot be reached; `None` for Riyadh,
    /// where none is documented. A source does not switch hosts by itself: build another one with
    /// [`BaseUrl::backup`](super::BaseUrl::backup).
    pub const fn backup_host(self) -> Option<&'static str> {
        match self {
            Self::China => Some("adminapi.my-imcloud.com"),
            Self::Singapore => Some("adminapisgp.my-imcloud.com"),
            Self::Seoul => Some("adminapikr.my-imcloud.com"),
            Self::Tokyo => Some("adminapijpn.my-imcloud.com"),
            Self::Frankfurt => Some("adminapiger.my-imcloud.com"),
            Self::SiliconValley => Some("adminapiusa.my-imcloud.com"),
            Self::Jakarta => Some("adminapiidn.my-imcloud.com"),
            Self::Riyadh => None,
            Self::Mumbai => Some("adminapiind.my-imcloud.com"),
        }
    }
}
