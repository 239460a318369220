//! Serves each user's conversation list to his own devices, and reads the webhooks of Tencent Cloud
//! Chat.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod webhook;
