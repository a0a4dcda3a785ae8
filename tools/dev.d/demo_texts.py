"""What the people of the demo write: the offering, the order, the letters."""


def _text(most):
    return {"type": "string", "minLength": 1, "maxLength": most}


_FILE_PLAN_ENTRY = {
    "type": "object",
    "additionalProperties": False,
    "required": ["code", "title", "disposition"],
    "properties": {
        "code": _text(64),
        "title": _text(300),
        "retention_years": {"type": "integer", "minimum": 1, "maximum": 200},
        "disposition": {"enum": ["ARCHIVE", "APPRAISE", "DESTROY"]},
    },
}

_PARAMETERS = {
    "tenant_code": {"type": "string", "pattern": "^[a-z][a-z0-9-]{1,39}$"},
    "tenant_display_name": _text(200),
    "admin_login": _text(64),
    "admin_email": _text(254),
    "admin_display_name": _text(200),
    "application_name": _text(200),
    "application_public_key": _text(4096),
    "sender_address": _text(254),
    "file_plan": {"type": "array", "minItems": 1, "items": _FILE_PLAN_ENTRY},
}

OFFERING = {
    "id": "efile",
    "title": "E-Akte",
    "description": "Akten elektronisch führen, mit Benachrichtigungen und prüfbarem Protokoll.",
    "field_of_action": "digital-work",
    "plans": [{
        "id": "standard",
        "title": "Standard",
        "monthly_price": {"currency_code": "EUR", "units": "450"},
        "steps": [{"service": "identity"}, {"service": "efile"}, {"service": "notification"}],
        "parameters_schema": {
            "type": "object",
            "additionalProperties": False,
            "required": sorted(_PARAMETERS),
            "properties": _PARAMETERS,
        },
    }],
}


def order(plan, tenant, public_key):
    return {"plan": plan, "parameters": {
        "tenant_code": tenant,
        "tenant_display_name": f"Ministerium {tenant}",
        "admin_login": "admin",
        "admin_email": f"admin@{tenant}.example",
        "admin_display_name": "Anna Admin",
        "application_name": "Antragsportal",
        "application_public_key": public_key,
        "sender_address": f"poststelle@{tenant}.example",
        "file_plan": [{"code": "51", "title": "Anträge und Bescheide", "retention_years": 10,
                       "disposition": "APPRAISE"}],
    }}


def decision_template():
    return {"display_name": "Bescheid liegt vor", "latest": {
        "parameters": [{"id": "reference", "type": "STRING", "description": "Aktenzeichen"}],
        "texts": [{"locale": "de", "subject": "Bescheid zu {{reference}}",
                   "text_body": "Guten Tag,\n\nüber Ihren Antrag wurde entschieden.\n"
                                "Aktenzeichen: {{reference}}\n\nMit freundlichen Grüßen\n"}],
    }}


def receipt_text(reference, count):
    return (f"Guten Tag,\n\nzum Aktenzeichen {reference} sind {count} Dokumente eingegangen.\n"
            "Bitte prüfen und entscheiden Sie.\n")


def decision_text(reference, count):
    return (f"Bescheid\n\nAktenzeichen: {reference}\n\n"
            f"Der Antrag mit {count} Anlagen wird bewilligt.\n\n"
            "Gegen diesen Bescheid kann innerhalb eines Monats Widerspruch erhoben werden.\n")
