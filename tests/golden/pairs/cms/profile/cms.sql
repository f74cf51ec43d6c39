INSERT INTO presenting_issue
  (case_id, rank, issue_code)
VALUES
  (1, 1, 'language'),
  (1, 2, 'employment');
INSERT INTO service_event
  (event_id, program, activity, started_at, ended_at, minutes, format, delivery, site_id, language, group_size, target_group, funder)
VALUES
  (1, 'NEWCOMER', 'needs-assessment', '2026-05-14 10:00:00', '2026-05-14 11:30:00', 90, 'one-on-one', 'video', 'S1', 'fr', 2, 'refugee youth', 'ircc');
INSERT INTO service_participant
  (participant_id, event_id, client_id, case_id, attended, supports)
VALUES
  (1, 1, 1, 1, 1, 'childminding interpretation');
