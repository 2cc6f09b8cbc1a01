"""Which policy each route of an app has, read from the app itself."""

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Mount

from api.dependencies import Public, Requires
from api.till_route import Shortcut
from regulars.security.policy import Permission


@dataclass(frozen=True)
class RoutePolicy:
    """A route and what it says about who may use it."""

    method: str
    path: str
    permissions: tuple[Permission, ...]
    public: bool

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def routes_of(app: FastAPI) -> list[RoutePolicy]:
    """Every route of the app, one row a method."""
    found = []
    contexts = list(iter_route_contexts(app.routes))
    for context in contexts:
        route = context.original_route
        if isinstance(route, Shortcut):  # no route of its own
            assert any(other.original_route is route.route for other in contexts)
            continue
        if isinstance(route, Mount):
            found.append(RoutePolicy("MOUNT", route.path, (), public=False))
            continue
        if not isinstance(route, APIRoute):
            found.append(RoutePolicy("ROUTE", str(context.path), (), public=False))
            continue
        policies = list(_policies(context.dependant))
        permissions = tuple(policy.permission for policy in policies if isinstance(policy, Requires))
        is_public = any(isinstance(policy, Public) for policy in policies)
        found += [
            RoutePolicy(method, str(context.path), permissions, is_public)
            for method in sorted(context.methods or ())
        ]
    return found


def _policies(dependant: Dependant) -> Iterator[Requires | Public]:
    for needed in dependant.dependencies:
        if isinstance(needed.call, Requires | Public):
            yield needed.call
        yield from _policies(needed)
