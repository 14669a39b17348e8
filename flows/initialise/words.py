"""The words by which headings and file names are understood: English, German and French.

Words are compared in plain small letters: ä as ae, é as e, separators and capitals inside as spaces.
Does not belong here: which heading is taken for what (`flows.initialise.roles`).
"""

import re
import unicodedata

from config.models import ExtractKind

_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_LEAST_INSIDE = 5
"""A word this long is also found inside another: umsatz in Nettoumsatz."""


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.replace("\n", " ").split(","))


ROLES: dict[str, tuple[str, ...]] = {
    "associate": _listed(
        "employee id, employee, employee no, employee number, associate, associate id, personnel no, "
        "personnel number, personnel id, staff id, staff no, worker id, agent, agent id, rep, rep id, sales "
        "rep, salesperson, seller, sold by, handled by, owner, owner id, user id, emp id, emp no, "
        "personalnummer, personalnr, personal nr, pers nr, persnr, mitarbeiter, mitarbeiter id, "
        "mitarbeiternummer, mitarbeiter nr, mitarbeiternr, ma nr, verkaeufer, verkaeufer nr, "
        "verkaeufernummer, berater, bearbeiter, sachbearbeiter, matricule, salarie, employe, id employe, "
        "vendeur, conseiller"
    ),
    "name": _listed(
        "name, full name, employee name, associate name, vollstaendiger name, mitarbeitername, nom complet"
    ),
    "given_name": _listed(
        "given name, first name, forename, vorname, prenom"
    ),
    "family_name": _listed(
        "family name, last name, surname, nachname, familienname, nom de famille, nom"
    ),
    "email": _listed(
        "email, e mail, mail, mail address, email address, e mail adresse, courriel"
    ),
    "role": _listed(
        "role, job, job title, title, position, function, funktion, stelle, rolle, taetigkeit, poste, "
        "fonction"
    ),
    "fte": _listed(
        "fte, full time equivalent, beschaeftigungsgrad, vollzeitaequivalent, vza, etp"
    ),
    "team": _listed(
        "team, team id, department, department id, dept, group, unit, cost center, cost centre, abteilung, "
        "gruppe, bereich, kostenstelle, equipe, departement"
    ),
    "team_name": _listed(
        "team name, department name, teamname, abteilungsname, nom equipe"
    ),
    "manager": _listed(
        "manager, manager id, reports to, line manager, supervisor, supervisor id, boss, vorgesetzter, "
        "vorgesetzte, vorgesetzten nr, fuehrungskraft, teamleiter, leiter, responsable, superieur, chef"
    ),
    "contract": _listed(
        "contract, contract type, employment type, vertrag, vertragsart, contrat, type de contrat"
    ),
    "hire_date": _listed(
        "hire date, hired on, hired, entry date, date of hire, joined, start date, eintritt, eintrittsdatum, "
        "date d embauche, embauche, date entree, date d entree"
    ),
    "leave_date": _listed(
        "leave date, exit date, left on, termination date, end date, austritt, austrittsdatum, date de "
        "sortie, depart"
    ),
    "valid_from": _listed(
        "valid from, effective from, effective date, effective, gueltig ab, gueltig von, valable du, date "
        "effet, date d effet"
    ),
    "valid_to": _listed(
        "valid to, valid until, effective to, effective until, gueltig bis, valable au, date fin effet"
    ),
    "snapshot_date": _listed(
        "snapshot date, snapshot, as of, as of date, stichtag, date de situation"
    ),
    "amount": _listed(
        "amount, net amount, revenue, net sales, sales, turnover, total, order value, net value, price, "
        "umsatz, betrag, nettobetrag, netto, summe, preis, auftragswert, bestellwert, montant, chiffre d "
        "affaires, prix, total ht"
    ),
    "date": _listed(
        "order date, sale date, sold on, invoice date, booking date, created, created at, created on, opened, "
        "opened at, opened on, received, answered on, date, bestelldatum, auftragsdatum, rechnungsdatum, "
        "verkaufsdatum, buchungsdatum, eingang, eingangsdatum, erstellt, datum, date de commande, date "
        "commande, date de vente, date facture, cree le"
    ),
    "due": _listed(
        "required date, due date, due, promised date, promised, deadline, target date, faellig, faellig am, "
        "liefertermin, wunschtermin, zugesagt, echeance, date prevue, date limite"
    ),
    "done": _listed(
        "shipped date, shipped, delivered, delivered on, delivery date, completed, resolved, resolved at, "
        "closed, closed at, closed on, finished, lieferdatum, versanddatum, geliefert, versendet, erledigt, "
        "geloest, abgeschlossen, date de livraison, livre le, date expedition, resolu, cloture"
    ),
    "key": _listed(
        "order id, order no, order number, invoice no, invoice number, ticket id, ticket, ticket no, case id, "
        "case no, transaction id, sale id, id, bestellnummer, bestellnr, bestell nr, auftragsnummer, "
        "auftragsnr, rechnungsnummer, belegnummer, belegnr, vorgang, vorgangsnummer, ticketnummer, numero de "
        "commande, numero facture, reference"
    ),
    "segment": _listed(
        "segment, customer segment, customer type, channel, category, kundensegment, kundentyp, kundengruppe, "
        "kanal, segment client, type client, canal"
    ),
    "currency": _listed(
        "currency, currency code, curr, waehrung, devise, monnaie"
    ),
    "satisfaction": _listed(
        "satisfaction, csat, customer satisfaction, rating, stars, zufriedenheit, bewertung, "
        "kundenzufriedenheit, note client"
    ),
    "respondent": _listed(
        "respondent, respondent id, participant, participant id, teilnehmer, repondant"
    ),
    "last_modified": _listed(
        "last modified, modified, modified at, updated, updated at, geaendert, geaendert am, modifie le"
    ),
}  # fmt: skip

KINDS: dict[ExtractKind, tuple[str, ...]] = {
    ExtractKind.HR: _listed(
        "hr, employee, employees, people, staff, personnel, workforce, headcount, mitarbeiter, personal, "
        "belegschaft, salaries, employes, effectif"
    ),
    ExtractKind.SALES: _listed(
        "sales, orders, order, invoices, deals, revenue, verkauf, verkaeufe, umsatz, bestellung, "
        "bestellungen, auftraege, auftrag, rechnungen, ventes, commandes, factures"
    ),
    ExtractKind.SERVICE: _listed(
        "service, tickets, ticket, cases, case, complaints, support, kundendienst, reklamationen, anfragen, "
        "reclamations"
    ),
    ExtractKind.COACHING: _listed(
        "coaching, conversations, one on ones, gespraeche, entretiens"
    ),
    ExtractKind.PULSE: _listed(
        "pulse, survey, surveys, respondent, umfrage, befragung, enquete, sondage"
    ),
    ExtractKind.ACTIVITY: _listed(
        "activity, activities, calls, visits, meetings, anrufe, besuche, termine, appels, visites"
    ),
    ExtractKind.PLAN: _listed(
        "plan, plans, target, targets, budget, quota, ziele, soll, objectifs"
    ),
    ExtractKind.EVENTS: _listed(
        "event, events, campaigns, ereignis, ereignisse, evenements"
    ),
    ExtractKind.AVAILABILITY: _listed(
        "availability, available days, verfuegbarkeit, disponibilite, absence, absences"
    ),
}  # fmt: skip

PERSONAL = _listed(
    "birth, birth date, birthdate, date of birth, dob, gender, sex, nationality, religion, salary, wage, "
    "phone, mobile, home phone, address, street, iban, ssn, social security, photo, marital status, "
    "geburtsdatum, geburtstag, geschlecht, nationalitaet, gehalt, lohn, telefon, adresse, strasse, "
    "familienstand, date de naissance, naissance, sexe, nationalite, salaire, telephone"
)
"""Personal data that no report needs: never proposed as a column."""

GERMAN = _listed(
    "datum, nummer, nr, umsatz, betrag, mitarbeiter, kunde, vorname, nachname, menge, bestell, abteilung, wert"
)
FRENCH = _listed("montant, salarie, nom, prenom, commande, vente, numero, client, equipe, embauche, matricule, devise")


def plain(text: str) -> str:
    """The text as small plain words with one space between."""
    apart = re.sub(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Þ])", " ", unicodedata.normalize("NFC", text))
    spelt = apart.lower().translate(_SPELT_OUT)
    letters = "".join(sign for sign in unicodedata.normalize("NFKD", spelt) if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", " ", letters).strip()


def likeness(heading: str, phrases: tuple[str, ...]) -> int:
    """How well a heading fits one of the phrases: 0 not at all, 100 the same words; earlier phrases fit better."""
    words = plain(heading)
    best = 0
    for rank, phrase in enumerate(phrases):
        if words in (phrase, phrase.replace(" ", "")):
            best = max(best, 200 - rank)
        elif f" {phrase} " in f" {words} ":
            best = max(best, 100 - rank)
        elif len(phrase) >= _LEAST_INSIDE and phrase.replace(" ", "") in words.replace(" ", ""):
            best = max(best, 50 - rank // 2)
    return best


def kind_words(text: str, kind: ExtractKind) -> bool:
    """Whether a file name or heading speaks of a kind."""
    words = f" {re.sub(r'[0-9]+', ' ', plain(text))} "
    return any(f" {word} " in re.sub(r" +", " ", words) for word in KINDS[kind])


def slug(heading: str) -> str:
    """The heading as a column's name: small letters, digits and _; empty where none is left."""
    name = plain(heading).replace(" ", "_")
    return name if not name[:1].isdigit() else f"n_{name}"
