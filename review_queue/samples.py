"""Neutral sample policies and legal grounds, so that a new store can be used; a unit adds its own versions."""

from sqlite_utils import Database

_FROM = "2026-01-01T00:00:00.000Z"

_POLICIES = [
    {
        "code": "SH-1",
        "version": 1,
        "category": "self_harm",
        "severity": 3,
        "title_kk": "Суицидке немесе өзіне зиян келтіруге үгіттеу",
        "title_ru": "Пропаганда самоубийства или самоповреждения",
        "title_en": "Promotes suicide or self-harm",
        "guide_kk": "Мәтін суицидті дәріптейді, оған шақырады немесе көмектен бас тартуға үгіттейді. "
        "Қолдау, алдын алу, жаңалық және өз қайғысын айтқан адам бұған жатпайды.",
        "guide_ru": "Текст прославляет самоубийство, призывает к нему или уговаривает отказаться от помощи. "
        "Поддержка, профилактика, новости и рассказ о собственной беде сюда не относятся.",
        "guide_en": "The text glorifies suicide, calls for it or talks people out of seeking help. "
        "Support, prevention, news and a person telling of their own pain are not this.",
    },
    {
        "code": "VI-1",
        "version": 1,
        "category": "violence",
        "severity": 3,
        "title_kk": "Зорлық-зомбылыққа үгіттеу немесе шақыру",
        "title_ru": "Пропаганда насилия или призыв к нему",
        "title_en": "Promotes or calls for violence",
        "guide_kk": "Мәтін зорлықты дәріптейді, оған шақырады, қорқытады немесе адамдарды соған тартады. "
        "Жаңалық, тарих, көркем шығарма, спорт және ойын бұған жатпайды.",
        "guide_ru": "Текст прославляет насилие, призывает к нему, угрожает или вовлекает в него людей. "
        "Новости, история, художественный вымысел, спорт и игры сюда не относятся.",
        "guide_en": "The text glorifies violence, calls for it, threatens or recruits for it. "
        "News, history, fiction, sport and games are not this.",
    },
]

_GROUNDS = [
    {
        "code": "SAMPLE-1",
        "version": 1,
        "title_kk": "Үлгі: уәкілетті органның ұйғарымы",
        "title_ru": "Образец: предписание уполномоченного органа",
        "title_en": "Sample: order of the authorised body",
        "text_kk": "Бұл үлгі жол. Бөлімше мұнда өз құқықтық негізінің мәтінін енгізеді.",
        "text_ru": "Это строка-образец. Подразделение вносит сюда текст своего правового основания.",
        "text_en": "This is a sample row. The unit enters the wording of its own legal ground here.",
        "is_sample": 1,
    },
    {
        "code": "SAMPLE-2",
        "version": 1,
        "title_kk": "Үлгі: сот шешімі",
        "title_ru": "Образец: решение суда",
        "title_en": "Sample: court decision",
        "text_kk": "Бұл үлгі жол. Бөлімше мұнда сот актісінің деректемелерін енгізеді.",
        "text_ru": "Это строка-образец. Подразделение вносит сюда реквизиты судебного акта.",
        "text_en": "This is a sample row. The unit enters the particulars of the court act here.",
        "is_sample": 1,
    },
]


def install(db: Database) -> None:
    """The sample rows are in the store."""
    db.table("policies").insert_all([{**row, "valid_from": _FROM} for row in _POLICIES])
    db.table("legal_grounds").insert_all([{**row, "valid_from": _FROM} for row in _GROUNDS])
