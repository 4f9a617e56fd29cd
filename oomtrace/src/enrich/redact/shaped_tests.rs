use super::*;

#[test]
fn tokens_by_their_build() {
    for text in [
        "$6$abcdefgh$0123456789abcdefghijklmnop",
        "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
        "123456789:AAF1abcdefghijklmnopqrstuvwxyz012345",
        "ODMxMjM0NTY3ODkwMTIzNDU2.YHabcd.abcdefghijklmnopqrstuvwxyzA",
        "Ab3dE5gH1jK2mN4pQ6rS8tU0vW1xY3zA",
    ] {
        assert_eq!(token(text.as_bytes()), Some(text.len()), "{text}");
    }
}

#[test]
fn what_is_public_or_a_name() {
    for text in [
        "0123456789abcdef0123456789abcdef01234567",
        "5a1f6c3e-1234-4567-89ab-0123456789ab",
        "AAAAC3NzaC1lZDI1NTE5AAAAIJ2m4k5h6g7f8d9s0a1q2w3e4r5t6y7u8i9o0",
        "sha512-Ab3dE5gH1jK2mN4pQ6rS8tU0vW1xY3zAb3dE5gH1jK2mN4pQ6rS8tU0vW1xY3zA==",
        "KafkaProducerRecordSerializerV2Factory",
        "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=",
        "api-7d9f8b6c5d-x2x4z-with-a-long-suffix-1234",
        "$HOME/bin",
        "1.2.3",
    ] {
        assert_eq!(token(text.as_bytes()), None, "{text}");
    }
}
