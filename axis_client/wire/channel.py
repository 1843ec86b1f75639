"""Mutual TLS to the axis."""

from __future__ import annotations

import grpc
import grpc.aio

from axis_client.profile import Profile

LARGEST_ANSWER = 64 << 20
"""Bytes of one answer: a page is about 2 MiB, but its first item may be larger, and a submission to 5,000
recipients is answered with two evidence documents that name them all."""
LARGEST_TRAILERS = 2 << 20
"""Bytes of the metadata that ends a call."""


def open_channel(profile: Profile) -> grpc.aio.Channel:
    """Opens a channel; the first call connects it. Must be called in the event loop that uses it."""
    credentials = grpc.ssl_channel_credentials(
        root_certificates=profile.ca_pem,
        private_key=profile.key_pem,
        certificate_chain=profile.certificate_pem,
    )
    options: list[tuple[str, str | int]] = [
        ("grpc.max_receive_message_length", LARGEST_ANSWER),
        ("grpc.max_send_message_length", -1),
        # A refusal carries its signed evidence in the trailers, which names every recipient.
        ("grpc.max_metadata_size", LARGEST_TRAILERS),
        ("grpc.absolute_max_metadata_size", LARGEST_TRAILERS),
        # Reconnect soon after the axis is back; gRPC's own default waits up to two minutes.
        ("grpc.initial_reconnect_backoff_ms", 200),
        ("grpc.min_reconnect_backoff_ms", 200),
        ("grpc.max_reconnect_backoff_ms", 5_000),
        # Retrying is axis_client.patience's task, which knows what may be sent again.
        ("grpc.enable_retries", 0),
    ]
    if profile.tls_name:
        options.append(("grpc.ssl_target_name_override", profile.tls_name))
    return grpc.aio.secure_channel(profile.axis, credentials, options=options)
