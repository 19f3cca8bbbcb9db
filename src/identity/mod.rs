//! Who calls: API clients, tokens, people, sessions.
