"""How ops find members' workflows in Temporal: by stage, tier, home store and next due date."""

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey

STAGE = SearchAttributeKey.for_keyword("RegularsStage")
TIER = SearchAttributeKey.for_keyword("RegularsTier")
STORE = SearchAttributeKey.for_keyword("RegularsStore")
NEXT_DUE = SearchAttributeKey.for_datetime("RegularsNextDue")

TYPES = {
    STAGE.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    TIER.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    STORE.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    NEXT_DUE.name: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
}


async def ensure_search_attributes(client: Client) -> None:
    """Add the ones that the namespace lacks; a file reopened by the dev server forgets its start options."""
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = {name: kind for name, kind in TYPES.items() if name not in known.custom_attributes}
    if missing:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        )
