# ruff: noqa: RUF001  # Cyrillic on purpose
"""What is said beside exported evidence, in three languages: what lies there, and how anybody can check it."""

from typing import Final

# the same in all languages; openssl and what every Linux has are enough
COMMANDS: Final = r"""
# 1
sha256sum -c SHA256SUMS

# 2
for manifest in manifests/*.json; do
  openssl ts -verify -in "${manifest%.json}.tsr" -data "$manifest" -CAfile certificate.pem
done

# 3
for list in rows/*/*.sha256; do
  day=$(basename "$(dirname "$list")")
  grep -q "$(sha256sum < "$list" | cut -c1-64)" "manifests/$day.json" && echo "$list: OK" || echo "$list: FAULT"
done

# 4
for rows in rows/*/*.jsonl; do
  while IFS= read -r row; do
    digest=$(printf '%s\n' "$row" | sha256sum | cut -c1-64)
    grep -qxF "$digest" "${rows%.jsonl}.sha256" && echo "$rows: OK" || echo "$rows: FAULT"
  done < "$rows"
done

# 5
while read -r offset length digest capture; do
  found=$(tail -c +$((offset + 1)) case.warc.gz | head -c "$length" | sha256sum | cut -c1-64)
  test "$found" = "$digest" && grep -q "^\[$capture, .*\"$digest\"" rows/*/captures.jsonl \
    && echo "capture $capture: OK" || echo "capture $capture: FAULT"
done < records.txt

# 6
while IFS= read -r row; do
  digest=$(printf '%s' "$row" | sha256sum | cut -c1-64)
  grep -q "\"$digest\"" custody.json && echo "audit: OK" || echo "audit: FAULT"
done < audit.jsonl
"""

_EN: Final = """Evidence of case {ref}

WARNING: the pages in case.warc.gz may be harmful. Do not open them in a browser.

What lies here
  case.warc.gz     what the crawler asked for and what it was sent, byte for byte, as WARC 1.1 (ISO 28500)
  records.txt      where each capture lies in it: offset, length, SHA-256, number
  custody.json     chain of custody: who fetched what, when, from which address and by which rules; which model
                   scored it and how; who decided what, when and why
  rows/            the rows of the program's store that speak of this case (.jsonl), and beside them the digests of
                   all rows that the manifest of that day stands for (.sha256)
  manifests/       the daily manifests (.json) and their time-stamps by RFC 3161 (.tsr)
  certificate.pem  the certificate of the time-stamp authority, as the unit has configured it; ask the authority
                   itself for it where that matters
  audit.jsonl      the rows of the audit log about this case
  SHA256SUMS       the digest of each file

How to check it, with openssl and sha256sum alone
  1. Every file is the one that was exported.
  2. The authority saw the manifest at the time it tells; it signed its SHA-256. Says "Verification: OK". Where
     openssl says that a certificate has expired since, add: -attime SECONDS, a moment at which it was valid.
     A manifest without a .tsr file was not time-stamped when this was exported.
  3. The manifest holds the digest of each list of digests.
  4. Each row of the case is on that list.
  5. Each capture has the digest that its row says.
  6. Each row of the audit log has the hash that the chain of custody names.
  No line may say FAULT. Run these lines with bash in the folder of this file:
"""

_RU: Final = """Доказательства по делу {ref}

ВНИМАНИЕ: страницы в case.warc.gz могут быть вредоносными. Не открывайте их в браузере.

Что здесь лежит
  case.warc.gz     что запросил сборщик и что ему прислали, байт в байт, в формате WARC 1.1 (ISO 28500)
  records.txt      где в нём лежит каждый снимок: смещение, длина, SHA-256, номер
  custody.json     цепочка хранения: кто, что, когда, с какого адреса и по каким правилам получил; какая модель и
                   как это оценила; кто, что, когда и почему решил
  rows/            строки хранилища программы об этом деле (.jsonl) и рядом с ними хеши всех строк, за которые
                   отвечает манифест того дня (.sha256)
  manifests/       ежедневные манифесты (.json) и их метки времени по RFC 3161 (.tsr)
  certificate.pem  сертификат службы меток времени, как он настроен у подразделения; если это важно, запросите
                   его у самой службы
  audit.jsonl      строки журнала аудита об этом деле
  SHA256SUMS       хеш каждого файла

Как это проверить, имея только openssl и sha256sum
  1. Каждый файл тот же, что был выгружен.
  2. Служба видела манифест в указанное ею время: она подписала его SHA-256. Ответ: "Verification: OK". Если
     openssl сообщает, что срок сертификата с тех пор истёк, добавьте: -attime СЕКУНДЫ, момент, когда он действовал.
     Манифест без файла .tsr на момент выгрузки метки времени не имел.
  3. В манифесте записан хеш каждого списка хешей.
  4. Каждая строка дела есть в этом списке.
  5. У каждого снимка тот хеш, который назван в его строке.
  6. У каждой строки журнала аудита тот хеш, который назван в цепочке хранения.
  Ни одна строка ответа не должна содержать FAULT. Выполните в bash, в папке этого файла:
"""

_KK: Final = """{ref} ісі бойынша дәлелдемелер

НАЗАР АУДАРЫҢЫЗ: case.warc.gz ішіндегі беттер зиянды болуы мүмкін. Оларды браузерде ашпаңыз.

Мұнда не бар
  case.warc.gz     жинаушы не сұрағаны және оған не жіберілгені, әр байтымен, WARC 1.1 (ISO 28500) пішімінде
  records.txt      әр түсірілім оның қай жерінде: ығысуы, ұзындығы, SHA-256, нөмірі
  custody.json     сақтау тізбегі: кім, нені, қашан, қай мекенжайдан және қандай ережемен алды; қай модель қалай
                   бағалады; кім, нені, қашан және неліктен шешті
  rows/            бағдарлама қоймасының осы іс туралы жолдары (.jsonl) және олардың жанында сол күннің манифесі
                   жауап беретін барлық жолдардың хештері (.sha256)
  manifests/       күнделікті манифестер (.json) және олардың RFC 3161 бойынша уақыт белгілері (.tsr)
  certificate.pem  уақыт белгісі қызметінің сертификаты, бөлімше баптағандай; маңызды болса, оны қызметтің
                   өзінен сұраңыз
  audit.jsonl      аудит журналының осы іс туралы жолдары
  SHA256SUMS       әр файлдың хеші

Мұны openssl және sha256sum арқылы қалай тексеруге болады
  1. Әр файл шығарылған кездегідей.
  2. Қызмет манифесті өзі айтқан уақытта көрді: оның SHA-256 хешіне қол қойды. Жауабы: "Verification: OK". Егер
     openssl сертификат мерзімі содан бері бітті десе, мынаны қосыңыз: -attime СЕКУНД, ол жарамды болған сәт.
     .tsr файлы жоқ манифестің шығару кезінде уақыт белгісі болмаған.
  3. Манифесте хештердің әр тізімінің хеші жазылған.
  4. Істің әр жолы сол тізімде бар.
  5. Әр түсірілімнің хеші оның жолында айтылғандай.
  6. Аудит журналының әр жолының хеші сақтау тізбегінде айтылғандай.
  Жауаптың ешбір жолында FAULT болмауы керек. Осы файлдың қалтасында bash арқылы орындаңыз:
"""

_TEXTS: Final = {"en": _EN, "kk": _KK, "ru": _RU}


def readmes(ref: str) -> dict[str, bytes]:
    """The text of each language, by the name of its file."""
    return {
        f"README.{lang}.txt": (text.format(ref=ref) + COMMANDS).encode()
        for lang, text in _TEXTS.items()
    }
