//! Serves each user's conversation list to his own devices.
