"""What the OpenAPI document says of each resource that the sandbox has: which fields may be asked for, and written."""

from dataclasses import dataclass, field
from typing import Final


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_FILTERED_PERSON: Final = _set(
    "id title active companyId officeId managerEmployeeId departmentId costCenterId employmentId employmentTypeId "
    "employmentCountry compensationId userId userName division organization employeeNumber workEmail workPhone "
    "workPhoneSanitized hireDate endDate hasOccupationalPension privateEmail firstName lastName ssn privatePhone "
    "privatePhoneSanitized birthDate age nationality gender pronoun created updated"
)
_EMPLOYMENT: Final = _set(
    "id companyId employeeId typeId startDate endDate updated effectiveEndDate terminated rate note country"
)
_LEAVE: Final = _set("id employeeId typeId status duration startDate endDate")
_LEAVE_TYPE: Final = _set("id name kind minimumDuration deductible paid disabled archived")
_LEAVE_DAY: Final = _set("id leaveTypeId employeeId childId description date hours extent")

TIMES: Final = frozenset(
    {"created", "updated", "hireDate", "endDate", "birthDate", "startDate", "effectiveEndDate", "date"}
)


@dataclass(frozen=True, slots=True)
class Form:
    """One resource.

    Attributes:
        selected, filtered: the fields that ``select`` names, and that ``filters`` and ``sort`` name.
        relations: the related resources that may come along; of the others the sandbox has none.
        written: the type of each field that POST and PATCH take; empty where they do not exist.
        required: the fields without which POST refuses.
        changed: the fields that only PATCH takes.
    """

    selected: frozenset[str]
    filtered: frozenset[str]
    relations: frozenset[str] = frozenset()
    written: dict[str, str] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()


FORMS: Final[dict[str, Form]] = {
    "company": Form(frozenset({"id"}), frozenset({"id"})),
    "employee": Form(
        _FILTERED_PERSON,
        _FILTERED_PERSON,
        _set(
            "office costCenter effectiveCostCenter child department emergencyContact employment employmentType "
            "compensation managerEmployee teamReference"
        ),
        dict.fromkeys(
            _set(
                "title officeId managerEmployeeId departmentId costCenterId userName division organization "
                "employeeNumber workEmail workPhone privateEmail firstName lastName ssn privatePhone birthDate "
                "avatarUrl nationality gender pronoun"
            ),
            "string",
        )
        | dict.fromkeys(("tax", "bankAccount", "homeAddress", "custom"), "object")
        | {"hasOccupationalPension": "boolean", "active": "boolean"},
        changed=frozenset({"active"}),
    ),
    "employment": Form(
        _EMPLOYMENT,
        _EMPLOYMENT,
        frozenset({"type", "employee"}),
        dict.fromkeys(("employeeId", "userId", "typeId", "note", "country"), "string")
        | dict.fromkeys(("startDate", "endDate", "effectiveEndDate"), "time")
        | {"terminated": "boolean", "rate": "number"},
        frozenset({"country", "employeeId", "rate", "startDate", "terminated", "typeId", "userId"}),
    ),
    "employment-type": Form(
        frozenset({"id", "companyId", "name", "vacation", "country", "maxMonths"}),
        frozenset({"id", "companyId", "name", "vacation", "country", "maxMonths"}),
    ),
    "leave": Form(_LEAVE, _LEAVE, frozenset({"type", "employee"})),
    "leave-type": Form(_LEAVE_TYPE, _LEAVE_TYPE, frozenset({"leaveTypeCode"})),
    "leave-transaction": Form(_LEAVE_DAY, _LEAVE_DAY, frozenset({"child", "leaveType", "employee"})),
}
