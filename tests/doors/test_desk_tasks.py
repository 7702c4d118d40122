"""Playbooks, tasks and responses on the desk's pages: no script, few presses, nothing typed lost."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from amparo.casework import checklist
from amparo.casework.models import Task
from amparo.casework.services import responses
from amparo.foundation import clock, ids
from tests import make
from tests.doors.desk_house import Busy, client


def text(answer) -> str:
    return answer.content.decode()


def start(made: Busy, browser: Client, playbook: str = "arrest") -> str:
    path = f"/desk/c/{made.case.case}"
    page = text(browser.get(f"{path}/start"))
    assert page.count('name="playbook"') == 11
    once = re.search(r'name="once" value="([^"]+)"', page)[1]
    for _ in range(2):  # a button that was pressed twice
        answer = browser.post(f"{path}/start", {"once": once, "playbook": playbook})
        assert answer["Location"] == f"{path}/tasks?done=playbook"
    return path


def mark(page: str, task: ids.Id) -> dict[str, str]:
    form = page.split(f"/tasks/{task}", 1)[1]
    return {"mark": re.search(r'name="mark" value="(\d+)"', form)[1]}


def next_task(made: Busy) -> checklist.TaskView:
    with made.house.ines.request() as actor:
        return checklist.of_case(actor, made.case.case).running[0].open_tasks[0]


def test_a_playbook_is_started_and_its_first_task_done_in_four_presses(made, ines) -> None:
    path = start(made, ines)
    page = text(ines.get(f"{path}/tasks"))
    assert "Find out where they are held" in page and "Never send a family member alone" in page
    one = next_task(made)
    answer = ines.post(f"{path}/tasks/{one.id}", mark(page, one.id) | {"deed": "done", "text": ""})
    assert answer["Location"] == f"{path}/tasks?done=task-done"
    assert len(Task.objects.filter(case=made.case.case, due_at__isnull=False)) == 4
    assert "1 of 9 settled" in text(ines.get(f"{path}/tasks"))


def test_what_is_to_do_stands_first_on_the_case_and_on_the_queue(made, ines) -> None:
    path = start(made, ines)
    page = text(ines.get(path))
    assert page.index("What is done now") < page.index("What is due")
    assert "Find out where they are held" in page
    clock.forward(timedelta(minutes=16))
    made.house.ines.sign_in()
    browser = client(made.house.ines)
    page = text(browser.get("/desk/queue"))
    assert "Your tasks" in page and "late since" in page and "1 task late" in page


def test_what_was_typed_stays_when_it_could_not_be_done(made, ines) -> None:
    path, one = start(made, ines), next_task(made)
    page = text(ines.get(f"{path}/tasks"))
    body = mark(page, one.id) | {"deed": "prolong", "text": "The road is closed.", "minutes": ""}
    answer = ines.post(f"{path}/tasks/{one.id}", body)
    assert answer.status_code == 422
    assert "The road is closed." in text(answer) and "Choose how much longer." in text(answer)
    # Tomás was quicker.
    tomas = client(made.house.tomas)
    tomas.post(f"{path}/tasks/{one.id}", mark(page, one.id) | {"deed": "take"})
    answer = ines.post(f"{path}/tasks/{one.id}", body | {"minutes": "60"})
    assert answer.status_code == 409 and "The road is closed." in text(answer)
    answer = ines.post(f"{path}/tasks/{one.id}", mark(text(answer), one.id) | body | {"mark": "1"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "body",
    [{}, {"deed": "burn"}, {"deed": "done", "mark": "x"}, {"deed": "hand", "to": "x"}],
)
def test_nonsense_is_no_page(made, ines, body) -> None:
    path, one = start(made, ines), next_task(made)
    assert ines.post(f"{path}/tasks/{one.id}", body).status_code == 404
    assert ines.post(f"{path}/tasks/{ids.new()}", {"deed": "take"}).status_code == 404
    assert ines.post(f"{path}/start", {"once": str(ids.new()), "playbook": "x"}).status_code == 404


def test_a_time_is_written_down_and_the_hours_that_count_from_it_are_set(made, ines) -> None:
    path = start(made, ines)
    page = text(ines.get(f"{path}/tasks"))
    action = re.search(r'action="([^"]+/time)"', page)[1]
    before = Task.objects.filter(due_at__isnull=False).count()
    assert ines.post(action, {"fact": "taken", "at": "yesterday"}).status_code == 422
    answer = ines.post(action, {"fact": "taken", "at": "2026-03-01T21:40"})
    assert answer["Location"] == f"{path}/tasks?done=task-time"
    assert Task.objects.filter(due_at__isnull=False).count() == before + 3
    end = action.replace("/time", "/end")
    assert ines.post(end, {"text": ""}).status_code == 422
    assert ines.post(end, {"text": "He is free."})["Location"] == f"{path}/tasks?done=task-end"
    assert "No playbook runs" in text(ines.get(f"{path}/tasks"))


def test_a_task_that_tells_authorities_asks_for_a_yes_first(made, ines) -> None:
    path = start(made, ines, "threat")
    page = text(ines.get(f"{path}/tasks"))
    assert "tell?for=authorities" in page
    with made.house.ines.request() as actor:
        tasks = checklist.of_case(actor, made.case.case).running[0].tasks
    one = next(one for one in tasks if one.tells == "authorities")
    answer = ines.post(f"{path}/tasks/{one.id}", mark(page, one.id) | {"deed": "done"})
    assert answer.status_code == 422 and "They have not said yes to this" in text(answer)
    body = {
        "label": "The prosecutor", "purpose": "authorities", "compartments": ["cover"],
        "until": (clock.today() + timedelta(days=2)).isoformat(), "how": "oral",
    }  # fmt: skip
    assert ines.post(f"{path}/tell", body | {"compartments": []}).status_code == 422
    assert ines.post(f"{path}/tell", body)["Location"] == f"{path}/tasks?done=told"
    page = text(ines.get(f"{path}/tasks"))
    yes = re.search(r'<option value="([0-9a-f-]{36})">The prosecutor', page)[1]
    body = mark(page, one.id) | {"deed": "done", "under": yes}
    assert ines.post(f"{path}/tasks/{one.id}", body).status_code == 302
    assert "The prosecutor" in text(ines.get(f"{path}/shown"))


def test_the_menu_is_kept_and_picked_and_the_last_place_is_nobody_elses(made, ines) -> None:
    assert "Nothing stands here yet" in text(ines.get("/desk/responses"))
    body = {
        "kind": "car", "name": "A car with a driver", "minutes": "40", "of": "1", "free": "1",
        "level": "free", "tells": "", "keeper": str(made.house.ines.id), "holds": "8",
    }  # fmt: skip
    assert ines.post("/desk/responses/new", body | {"free": "2"}).status_code == 422
    assert ines.post("/desk/responses/new", body | {"name": ""}).status_code == 422
    assert ines.post("/desk/responses/new", body)["Location"].endswith("done=response-kept")
    path = f"/desk/c/{made.case.case}"
    page = text(ines.get(f"{path}/menu"))
    sent = dict(re.findall(r'name="(once|response)" value="([^"]+)"', page))
    assert ines.post(f"{path}/menu", sent)["Location"] == f"{path}/tasks?done=response"
    tomas = client(made.house.tomas)
    answer = tomas.post(f"{path}/menu", sent | {"once": str(ids.new())})
    assert answer.status_code == 409 and "The last place has just gone" in text(answer)
    page = text(ines.get(f"{path}/tasks"))
    task = Task.objects.get(due_at__isnull=False)
    for deed in ("there", "over"):
        body_ = mark(text(ines.get(f"{path}/tasks")), task.id) | {"deed": deed, "text": "Home."}
        assert ines.post(f"{path}/tasks/{task.id}", body_).status_code == 302
    page = text(ines.get("/desk/responses"))
    assert "1/1" in page
    response = re.search(r"/desk/responses/([0-9a-f-]{36})", page)[0]
    clock.forward(timedelta(hours=9))
    made.house.ines.sign_in()
    ines = client(made.house.ines)
    assert "Ask first" in text(ines.get("/desk/responses"))
    assert "I have asked" in text(ines.get(f"{path}/menu"))
    assert "A car with a driver" in text(ines.get(response))
    ines.post(response, {"deed": "remove"})
    assert "Nothing stands here yet" in text(ines.get("/desk/responses"))


def test_a_press_links_from_the_alarm_to_what_is_done(made, ines) -> None:
    from amparo.alerts.rules import DESK, Rung
    from amparo.alerts.services import plans, pressing

    draft = plans.Draft("card", (Rung(0, (DESK,)),), {}, "Your order is ready.", danger="raid")
    with made.house.ines.request() as actor:
        plan = plans.arm(actor, made.case.case, draft).id
        alarm = pressing.press_for(actor, made.case.case, plan, once=ids.new()).alarm
    assert f"/desk/c/{made.case.case}/tasks" in text(ines.get(f"/desk/alarms/{alarm}"))
    page = text(ines.get(f"/desk/c/{made.case.case}/tasks"))
    assert "begun by an alarm" in page and "Raid of a home or an office" in page


def test_a_try_folds_up_beside_what_is_real_and_what_was_taken_back_says_so(made, ines) -> None:
    from amparo.alerts.rules import DESK, Rung
    from amparo.alerts.services import plans, pressing

    draft = plans.Draft("card", (Rung(0, (DESK,)),), {}, "Your order is ready.", danger="raid")
    path = f"/desk/c/{made.case.case}/tasks"
    with made.house.ines.request() as actor:
        token = plans.arm(actor, made.case.case, draft).token
        pressing.press_card(token, once=ids.new(), practice=True)
    assert '<details class="plate">' not in text(ines.get(path))
    with made.house.ines.request():
        alarm = pressing.press_card(token, once=ids.new()).alarm
    page = text(ines.get(path))
    folded = page.index('<details class="plate">')
    assert page.index("begun by an alarm") < folded < page.rindex("begun by an alarm")
    exercise = re.search(r'action="[^"]+/tasks/([0-9a-f-]+)"', page[folded:])[1]
    answer = ines.post(f"{path}/{exercise}", mark(page, exercise) | {"deed": "drop"})
    assert '<details class="plate" open>' in text(answer)
    one = next_task(made)
    assert not one.exercise
    ines.post(f"{path}/{one.id}", mark(page, one.id) | {"deed": "done"})
    assert "was taken back at once" not in text(ines.get(path))
    with made.house.ines.request():
        pressing.take_back(token, press=alarm)
    assert "was taken back at once" in text(ines.get(path))


def test_pages_stay_small_and_run_no_script_of_their_own(made, ines) -> None:
    path = start(made, ines)
    with made.house.ines.request() as actor:
        for number in range(6):
            offer = responses.Offer("car", f"Car {number}", 40, clock.now() + timedelta(hours=9))
            responses.keep(actor, offer)
    for page in (f"{path}/tasks", f"{path}/start", f"{path}/menu", "/desk/responses"):
        body = ines.get(page).content
        assert len(body) < 120 * 1024, (page, len(body))
        assert body.count(b"<script") == 2


def test_an_organisations_own_board_of_tasks_is_a_part_that_any_page_can_hold(made) -> None:
    from django.template.loader import render_to_string

    make.take(made.house.ines, made.new.case)
    with made.house.ines.request() as actor:
        page = render_to_string("desk/parts/board-tasks.html", {"board": checklist.board(actor)})
    assert "No task is late" in page and "Inés M." in page
