"""The API's methods and messages, as the PyPI package temporalio ships them."""

from google.protobuf import descriptor_pool, message_factory
from temporalio.api.errordetails.v1 import message_pb2 as _errordetails  # noqa: F401  (fills the pool)
from temporalio.api.failure.v1 import message_pb2 as _failure  # noqa: F401
from temporalio.api.operatorservice.v1 import service_pb2 as operator_service
from temporalio.api.workflowservice.v1 import service_pb2 as workflow_service

_SERVICES = (
    workflow_service.DESCRIPTOR.services_by_name["WorkflowService"],
    operator_service.DESCRIPTOR.services_by_name["OperatorService"],
)
_METHODS = {
    method.name: (f"/{service.full_name}/{method.name}", method)
    for service in _SERVICES
    for method in service.methods
}


def method(name: str):
    """(path, request class, response class) of an RPC."""
    path, descriptor = _METHODS[name]
    return path, _class(descriptor.input_type), _class(descriptor.output_type)


def message_class(full_name: str):
    """The message class of a full name, or None if this API version does not have it."""
    try:
        return _class(descriptor_pool.Default().FindMessageTypeByName(full_name))
    except KeyError:
        return None


def _class(descriptor):
    return message_factory.GetMessageClass(descriptor)
