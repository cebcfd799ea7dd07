"""Ports for servers that come and go."""

import socket

held = []


def free_port():
    """
    A port of loopback that nobody else gets until this process ends, also while its server is away: it is bound
    here as well, and never listened to. The server must bind it with SO_REUSEADDR.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    held.append(holder)
    return holder.getsockname()[1]
