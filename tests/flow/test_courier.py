"""Order, patience and the end: what the courier does with apps that lack something, hang, or are late."""

import threading

from gateway import wait_until
from proxy import Busy, Hanging, Proxy


class Lacking(Proxy):
    """An app that answers 405 to some methods."""

    def __init__(self, app_port, *methods):
        super().__init__(app_port)
        self.methods = methods

    def next_action(self, handler):
        action = super().next_action(handler)
        return Busy(405) if handler.command in self.methods else action


class Late(Proxy):
    """
    An app that executes the first create only when its reply is lost and somebody has looked for it in vain, or
    never. Who looks waits for `look`.
    """

    def __init__(self, app_port, comes=True):
        super().__init__(app_port)
        self.comes = comes
        self.late = None
        self.posts = 0
        self.look = threading.Event()

    def forward(self, method, path, body, headers):
        if method == "POST" and self.posts == 0:
            self.posts += 1
            self.late = (method, path, body, headers)
            raise ConnectionError("the reply is lost")
        if method == "GET":
            self.look.wait()
        answer = super().forward(method, path, body, headers)
        with self.lock:
            late, self.late = self.late, None
        if late is not None and self.comes:
            super().forward(*late)
        return answer

    def __exit__(self, *arguments):
        self.look.set()
        super().__exit__(*arguments)


def through(app, proxy, **more):
    return app.config(**more) | {"url": f"http://127.0.0.1:{proxy.port}/v2"}


def disable(gateway, person):
    return gateway.patch(f"/Users/{person['id']}", {"op": "replace", "path": "active", "value": False})


def parked(gateway):
    return gateway.cli_json("delivery", "list", "--state", "parked")["deliveries"]


def test_an_app_without_put_is_learned_by_many_at_once(make_gateway, make_app):
    app = make_app("wiki")
    with Lacking(app.port, "PUT") as proxy:
        gateway = make_gateway(apps=[through(app, proxy)])
        people = [gateway.user(f"u{i}@example.com") for i in range(12)]
        gateway.wait_delivered()

        for person in people:
            gateway.patch(f"/Users/{person['id']}", {"op": "replace", "path": "title", "value": "Engineer"})

        gateway.wait_delivered()
        assert parked(gateway) == []
        assert [account.get("title") for account in app.all()] == ["Engineer"] * 12


def test_an_app_without_patch_is_served_with_put_before_and_after_a_leaver(make_gateway, make_app):
    app = make_app("wiki")
    with Lacking(app.port, "PATCH") as proxy:
        gateway = make_gateway(apps=[through(app, proxy, on_delete="deactivate")])
        anna, bert = gateway.user("anna@example.com"), gateway.user("bert@example.com")
        gateway.wait_delivered()

        gateway.delete(f"/Users/{anna['id']}")
        gateway.wait_delivered()
        gateway.patch(f"/Users/{bert['id']}", {"op": "replace", "path": "title", "value": "Engineer"})
        gateway.wait_delivered()

        assert parked(gateway) == []
        accounts = {account["userName"]: account for account in app.all()}
        assert accounts["anna@example.com"]["active"] is False
        assert accounts["bert@example.com"]["title"] == "Engineer"


def test_a_leaver_waits_for_no_slot(make_gateway, make_app):
    app = make_app("wiki")
    with Hanging(app.port) as proxy:
        gateway = make_gateway(apps=[through(app, proxy, concurrency=2, timeout="10m")])
        anna = gateway.user("anna@example.com")
        gateway.wait_delivered()
        proxy.hangs = ["POST"]
        for i in range(4):
            gateway.user(f"u{i}@example.com")
        wait_until(lambda: len(proxy.requests("POST")) == 3, "both slots are taken")

        disable(gateway, anna)

        wait_until(lambda: [a["active"] for a in app.all()] == [False], "anna is disabled")


def test_a_create_that_comes_to_light_late_is_disabled_as_well(make_gateway, make_app):
    app = make_app("wiki")
    with Late(app.port) as proxy:
        gateway = make_gateway(apps=[through(app, proxy)])
        anna = gateway.user("anna@example.com")
        wait_until(lambda: proxy.requests("POST"), "the create is sent")

        disable(gateway, anna)
        proxy.look.set()

        gateway.wait_delivered()
        assert [account["active"] for account in app.all()] == [False]
        assert len(proxy.requests("POST")) == 1


def test_status_says_the_same_to_people_and_to_programs(make_gateway, make_app):
    app = make_app("wiki")
    with Proxy(app.port) as proxy:
        gateway = make_gateway(apps=[through(app, proxy)])
        proxy.script = [Busy(400)]
        gateway.user("anna@example.com")
        wait_until(lambda: parked(gateway), "it is parked")

        gateway.cli("status", code=2)
        gateway.cli("status", "-o", "json", code=2)


def test_it_stops_while_a_probe_hangs(make_gateway, make_app):
    app = make_app("wiki")
    with Hanging(app.port) as proxy:
        breaker = {"failures": 1, "probe": "100ms"}
        gateway = make_gateway(apps=[through(app, proxy, breaker=breaker)])
        proxy.hangs = ["ServiceProviderConfig"]
        proxy.script = [Busy(500)]
        gateway.user("anna@example.com")
        wait_until(lambda: any("ServiceProviderConfig" in seen[2] for seen in proxy.seen), "it is probed")

        assert gateway.stop() == 0


def test_it_stops_while_deliveries_wait_to_look_again(make_gateway, make_app):
    app = make_app("wiki")
    with Late(app.port, comes=False) as proxy:
        proxy.look.set()
        gateway = make_gateway(apps=[through(app, proxy, retry={"base": "1ms", "cap": "1ms"})])
        gateway.user("anna@example.com")
        wait_until(lambda: len(proxy.requests("GET")) >= 2, "it was looked for")

        assert gateway.stop() == 0
