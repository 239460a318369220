//! Changes of many accounts.
