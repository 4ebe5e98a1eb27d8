"""The words that every model card carries: what a model is for, what it must not be used for, whom it concerns."""

from typing import Final

USE: Final = (
    (
        "Intended: to order web pages in Kazakh, Russian and English for trained officers, who read each page "
        "and decide by two (three for a whole domain)."
    ),
    (
        "Not for: blocking, refusing, reporting or prosecuting by score; judging or profiling a person; single "
        "messages, comments or private correspondence; other languages; text in pictures, sound or video; "
        "evidence in court; hate that calls for no violence, which is none of its classes."
    ),
    (
        "Must not rely on it: automatic filters and providers; courts and investigators, as proof of intent; "
        "crisis services, as a way to find people at risk; anybody, as proof that an unlisted page is harmless."
    ),
)
PEOPLE: Final = (
    (
        "A page read as distress opens a referral, which is never blocked. A unit names its duty officer and "
        "help line before it uses the model. Before any block ask whether the writer is a person in distress; "
        "that there is no referral does not mean that nobody is at risk."
    ),
    (
        "A score is no ground for a decision. Who is affected asks the unit for a review by people who did not "
        "decide before; the store holds the category, the sentences, the reasons and the model version."
    ),
)
PRIVACY: Final = (
    (
        "The file holds no text and no word list, but it is not anonymous by proof: the hash is public, so "
        "whoever guesses a word or a pair of words can test whether its bin was kept and how common it is; "
        "collisions make that uncertain. Running text cannot be read out of it. Whether one text was trained on "
        "was not tested. Public sources include posts by people in distress."
    ),
    "A model taught with decisions holds traces of the unit's own data and must not leave it.",
)
RIGHTS: Final = (
    "CC-BY sources were sampled, relabelled, cut into sentences and reduced to weights; names are repositories at "
    "the commit given. A licence marked as claimed, to be checked or of a repository alone was not confirmed at "
    "the origin of its texts. HAVOC's labels were made by a language model. Public domain is that of the US."
)
KNOWN_FAILURES: Final = (
    "Not a verdict: a score only orders what people read. Two people decide.",
    (
        "Public text that promotes suicide hardly exists, and none in Kazakh of any harmful kind: Kazakh and "
        "Russian rest on short fragments written for the project, and on pages put together from them many "
        "times each. No native reader has gone through the Kazakh and the Russian."
    ),
    (
        "Held-out pages are put together by the same program as the training pages, from texts written apart "
        "from theirs; they share fragments with one another, so intervals over pages are too narrow, and every "
        "figure is better than the open web will show."
    ),
    (
        "Prevention and help pages that speak to the reader, religion, fiction and wry or intimate ordinary "
        "prose are its usual false alarms."
    ),
    (
        "Kazakh in Latin script: a third of the composed Kazakh pages were also shown transliterated by program; "
        "text that people wrote so was not tested."
    ),
    "A person in distress is sometimes taken for promotion, and often opens nothing at all.",
)
