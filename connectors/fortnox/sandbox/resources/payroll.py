"""Employees, absence and attendance (scope ``salary``)."""

import uuid
from datetime import date
from functools import partial
from typing import Any, Final

from connectors.fortnox.sandbox import answers
from connectors.fortnox.sandbox.answers import ApiAnswer, RequestRefused
from connectors.fortnox.sandbox.books import Company
from connectors.fortnox.sandbox.forms import Day, Digits, Field, Flag, Form, Number, Rows, Text, names
from connectors.fortnox.sandbox.records import Scalar, Values
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources import registers
from connectors.fortnox.sandbox.resources.registers import Change, Register
from connectors.fortnox.sandbox.resources.route import Route, ok

_FIRST: Final = "1970-01-01"
"""The FirstDay of the first record of every dated list."""

_ID: Final = Text(longest=15, shortest=1, empty="")
_EMPLOYEE: Final = Text(required=True, longest=15, shortest=1)
_FORA: Final = frozenset(
    f"A T T6 - {' '.join(f'A{n}' for n in (3, *range(11, 31), *range(41, 49), *range(51, 87), 91, 92, 93))}".split()
)


def _choice(*choices: str, empty: str | None = None) -> Text:
    return Text(choices=frozenset(choices), empty=empty)


def _dated(**fields: Field) -> Rows:
    return Rows(form={"EmployeeId": _EMPLOYEE, "FirstDay": Day(required=True), **fields})


_SAVED: Final = (*(f"SavedYear{n}" for n in range(1, 6)), "SavedYear6Plus")
_VACATION: Final = (
    *("Paid", "Prepaid", "Saved", "Unpaid", *_SAVED),
    *(f"SavedEmploymentRate{year.removeprefix('Saved')}" for year in _SAVED),
    *(f"Pending{kind}" for kind in ("Paid", "Prepaid", "Saved", "Unpaid", *_SAVED)),
    *(f"Registered{kind}" for kind in ("Paid", "Prepaid", "Saved", "Unpaid", *_SAVED)),
)
_FIGURES: Final = names(
    "ATFValue ATKValue AbsenceHoursNonVacationBased AbsenceHoursVacationBased AbsenceWorkdaysNonVacationBased "
    "AbsenceWorkdaysVacationBased CurrentCompBalance CurrentFlexBalance FullTimeEquivalent "
    "IngoingUsedHolidaySupplement IngoingUsedVacationDays InitialComp InitialFlex NonVacationBasedCalendarDaysPartial "
    "NonVacationBasedCalendarDaysWhole PreliminaryTaxDeducted VacationBasedAttendanceDays VacationBasedAttendanceHours "
    "VacationBasedCalendarDaysWhole VacationBasedSalaryTotal VacationBasedSalaryVariableAddition "
    "VacationBasedSalaryWorkedTime VacationCalculationAdvanceVacationDebt VacationCalculationTotalVacationSalarySum "
    "VacationCalculationVacationEntitlement VacationCalculationVariableAdditionSum"
)

# Emptiness is as in the example of facts §3.1: "" for what a person wrote, null for what is counted.
EMPLOYEE: Final[Form] = {
    "EmployeeId": _ID,
    "PersonalIdentityNumber": Text(empty=""),
    "FirstName": Text(required=True, empty=""),
    "LastName": Text(required=True, empty=""),
    "FullName": Field(empty=""),
    **{name: Text(empty="") for name in ("Address1", "Address2", "PostCode", "City", "Country", "Phone1", "Phone2")},
    "Email": Text(required=True, empty=""),
    "EmploymentDate": Day(),
    "EmployedTo": Day(),
    "EmploymentForm": _choice("TV", "PRO", "TID", "SVT", "VIK", "PRJ", "PRA", "FER", "SES", "NEJ"),
    "SalaryForm": _choice("MAN", "TIM"),
    "JobTitle": Text(longest=30, empty=""),
    "PersonelType": _choice("TJM", "ARB"),
    "ScheduleId": Text(empty=""),
    "ForaType": Text(choices=_FORA, empty="-"),
    "MonthlySalary": Digits(),
    "HourlyPay": Digits(),
    "TaxAllowance": _choice("HUV", "EXT", "TMP", "STU", "EJ", "???", "SNK"),
    "TaxTable": Text(),
    "TaxColumn": Number(places=0, least=1, most=6),
    "AutoNonRecurringTax": Flag(empty=True),
    "NonRecurringTax": Digits(),
    "Inactive": Flag(empty=False),
    "ClearingNo": Text(empty=""),
    "BankAccountNo": Text(empty=""),
    "AverageWeeklyHours": Digits(empty=""),
    "AverageHourlyWage": Digits(empty=""),
    "CostCenter": Text(longest=6),
    "Project": Text(longest=20),
    "PayslipType": _choice("pdf", "digital", "kivra"),
    "WorkingTimeEnumeration": Text(empty=""),
    **{
        f"VacationCalculation{name}": Flag(empty=False)
        for name in ("IncludeInCalculation", "SameWagePercent", "SoleCustody", "SumOnlyNoDays")
    },
    **{name: Number(empty=0) for name in _FIGURES},
    **{f"VacationDays{name}": Field(empty=0) for name in _VACATION},
    "DatedWages": _dated(MonthlySalary=Digits(), HourlyPay=Digits()),
    "DatedSchedules": _dated(ScheduleId=Text()),
    "DatedSalarySupplements": Rows(
        form={
            "EmployeeId": Text(longest=15),
            "FirstDay": Day(),
            "FixedSalarySupplement": Number(),
            "VariableSalarySupplement": Number(),
        }
    ),
    "EmployeeCategories": Field(empty=()),
    "EmployeeChildren": Rows(
        form={
            "ApprovedDays": Number(required=True, places=0),
            "Child": Text(required=True),
            "EmployeeId": _EMPLOYEE,
            "IngoingWithdrawnDays": Number(required=True, places=0),
            "Id": Text(),
            "WithdrawnDays": Number(),
        }
    ),
    "IngoingSickLeave": Rows(
        form={
            "FirstDay": Day(required=True),
            "EndDate": Day(),
            "SickDaysCount": Number(),
            "SickWaitingPeriodDeduction": Number(),
        }
    ),
    "OpeningSalaries": Rows(
        form={
            "EmployeeId": _EMPLOYEE,
            "SalaryTypeNumber": Text(required=True),
            **{name: Number() for name in ("Amount", "Quantity", "Total", "VAT")},
            **{
                name: Text()
                for name in ("Period", "ProductGroup", "QuantityUnit", "SalaryTypeName", "SortCode", "TextRow")
            },
            "RowId": Number(places=0),
        }
    ),
}

_APOSTROPHES: Final = str.maketrans("'´", "’’")  # noqa: RUF001 - one for another
_DATED: Final = {"DatedWages": ("MonthlySalary", "HourlyPay"), "DatedSchedules": ("ScheduleId",)}
"""Dated lists, and the fields that show what they say today."""


def _prepare_employee(change: Change) -> Values:
    values = dict(change.values)
    if change.stored is None and not (change.company.new_agreement or values.get("PersonelType")):
        raise RequestRefused(answers.NO_AGREEMENT)
    for name, current in _DATED.items():
        given = [field for field in current if change.changes.get(field) is not None]
        rows = change.changes.get(name)
        if rows is not None and given:
            raise RequestRefused(answers.ONE_OF_TWO, name, given[0])
        if isinstance(rows, list):
            _check_dated(name, rows, change.key)
            values[name] = sorted(rows, key=lambda row: str(row["FirstDay"]))
        elif any(field in change.changes for field in current):
            values[name] = _changed_today(values.get(name), current, change)
        for field in current:
            values.pop(field, None)  # what is valid today is looked up when it is shown
    for name in ("EmployeeChildren", "OpeningSalaries", "DatedSalarySupplements"):
        rows = change.changes.get(name)
        if isinstance(rows, list) and any(row.get("EmployeeId", change.key) != change.key for row in rows):
            raise RequestRefused(answers.FIXED, "EmployeeId")
    return values | _made(values, change)


def _made(values: Values, change: Change) -> Values:
    """Return what the company's Fortnox makes of an employee by itself. How the real one does it is not public."""
    made: Values = {}
    if "capitals" in change.company.makes and isinstance(city := values.get("City"), str):
        made["City"] = city.upper()
    if "apostrophes" in change.company.makes:
        made |= {name: str(values[name]).translate(_APOSTROPHES) for name in ("FirstName", "LastName")}
    if "tax" in change.company.makes and change.stored is None:
        made |= {"TaxTable": values.get("TaxTable") or "33", "TaxColumn": values.get("TaxColumn") or 1}
    return made


def _check_dated(name: str, rows: list[dict[str, Scalar]], key: str) -> None:
    days = [str(row["FirstDay"]) for row in rows]
    if days.count(_FIRST) != 1 or len({*days}) != len(days) or min(days) < _FIRST:
        raise RequestRefused(answers.BAD_DATED_LIST, name)
    if any(row["EmployeeId"] != key for row in rows):
        raise RequestRefused(answers.FIXED, "EmployeeId")


def _changed_today(rows: Any, current: tuple[str, ...], change: Change) -> list[dict[str, Scalar]]:
    """Return a dated list in which what is valid today is what the request says. How Fortnox does it is not public."""
    known: list[dict[str, Scalar]] = [dict(row) for row in rows or [{"EmployeeId": change.key, "FirstDay": _FIRST}]]
    row = _valid(known, change.asked.today)
    for field in current:
        if field in change.changes:
            value = change.changes[field]
            row[field] = value if isinstance(value, str) else None
    return known


def _valid(rows: list[dict[str, Scalar]], day: date) -> dict[str, Scalar]:
    """Return the row that is valid on a day; rows are in the order of their days."""
    return [row for row in rows if str(row["FirstDay"]) <= day.isoformat()][-1]


def _show_employee(values: Values, asked: ApiRequest, _company: Company) -> dict[str, Any]:
    shown: dict[str, Any] = {"FullName": f"{values['FirstName']} {values['LastName']}"}
    for name, current in _DATED.items():
        rows = values.get(name)
        if isinstance(rows, list):
            valid = _valid(rows, asked.today)
            shown.update({field: valid.get(field) for field in current})
    return shown


EMPLOYEES: Final = Register(
    path="employees",
    one="Employee",
    many="Employees",
    key="EmployeeId",
    scope="salary",
    form=EMPLOYEE,
    missing=answers.NO_EMPLOYEE,
    location=None,
    modified=False,
    filters={
        "active": lambda values, _today: not values.get("Inactive"),
        "inactive": lambda values, _today: bool(values.get("Inactive")),
    },
    prepare=_prepare_employee,
    shown=_show_employee,
)

# The codes of facts §3.2, those that only Fortnox's table and its SDK have included.
_ABSENCES: Final = names(
    "ASK ATF FPE FRA FR1 HAV KOM MIL NAR NÄR OS1 OS2 OS3 OS4 OS5 OS6 OS7 PAP PEM PER SEM SJK SMB SVE TJL UTB FAC VAB "
    "FRX"
)
_ATTENDANCES: Final = names(
    "TID ARB MER OB1 OB2 OB3 OB4 OB5 OB6 OB7 OT1 OT2 OT3 OT4 OT5 OT6 OT7 ÖT1 ÖT2 ÖT3 ÖT4 ÖT5 OK0 NV9 OK1 OK2 OK3 OK4 "
    "OK5 ÖK1 ÖK2 ÖK3 ÖK4 ÖK5 BER BE1 BE2 JOR JR1 JO2 JR2 RES RE1 RE2 RE3 HLG FLX NVX FRX ARS"
)


def _new_uuid(_name: str, _company: Company) -> str:
    return str(uuid.uuid4())


def _prepare_transaction(change: Change) -> Values:
    employee = str(change.values["EmployeeId"])
    if employee not in change.company.register("employees"):
        raise RequestRefused(answers.UNKNOWN_EMPLOYEE, employee)
    return change.values


def _transactions(path: str, one: str, causes: tuple[str, ...], **fields: Field) -> Register:
    return Register(
        path=path,
        one=one,
        many=f"{one}s",
        key="id",
        scope="salary",
        form={
            "id": Field(),
            "EmployeeId": _EMPLOYEE,
            "CauseCode": Text(required=True, choices=frozenset(causes), refusal=answers.BAD_CAUSE),
            "Date": Day(required=True),
            **fields,
            "CostCenter": Text(longest=6),
            "Project": Text(longest=20, empty=""),
        },
        missing=answers.NO_UNIT,
        location=None,
        deleted=200,
        modified=False,
        equals=registers.named("EmployeeId Date"),
        new_key=_new_uuid,
        prepare=_prepare_transaction,
    )


ABSENCES: Final = _transactions(
    "absencetransactions",
    "AbsenceTransaction",
    _ABSENCES,
    Extent=Number(empty=0, least=0, most=100, texts=True),  # texts: in Fortnox's older examples (facts §3.2)
    Hours=Number(empty=0, least=0, most=24, texts=True),
    HolidayEntitling=Flag(empty=False),
)
ATTENDANCES: Final = _transactions(
    "attendancetransactions", "AttendanceTransaction", _ATTENDANCES, Hours=Digits(empty="0")
)


def _of_day(register: Register, asked: ApiRequest, company: Company) -> ApiAnswer:
    """List an employee's transactions of a day and a cause: several, since several a day are allowed."""
    asked.allow()
    wanted = (asked.path["key"], asked.path["date"], asked.path["code"])
    found = [
        one
        for one in company.register(register.path).values()
        if (one.values["EmployeeId"], one.values["Date"], one.values["CauseCode"]) == wanted
        and (one.listed_from is None or one.listed_from <= asked.at)
    ]
    return ok(**asked.page(register.many, found, lambda one: register.item(one, asked, company)))


def _routes(register: Register) -> tuple[Route, ...]:
    path = f"/3/{register.path}/{{key}}/{{date}}/{{code}}"
    return (*registers.routes(register), ("GET", path, register.scope, partial(_of_day, register)))


ROUTES: Final[tuple[Route, ...]] = (*registers.routes(EMPLOYEES), *_routes(ABSENCES), *_routes(ATTENDANCES))
