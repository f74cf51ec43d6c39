INSERT INTO referral
  (referral_id, case_id, direction, from_org, to_org, service_wanted, reason_code, channel, status, status_at, worker, hub_referral_no)
VALUES
  (1, 1, 'IN', 'harbour', 'lakeside', 'employment', 'employment', 'hub', 'RECEIVED', '2026-05-04 09:00:00', 'w-17', 'K7QM2XWBR4TD');
INSERT INTO service_event
  (event_id, program, activity, started_at, ended_at, minutes, format, delivery, site_id, language, group_size, target_group, funder)
VALUES
  (1, 'NEWCOMER', 'employment-counselling', '2026-05-14 10:00:00', '2026-05-14 11:30:00', 90, 'group', 'in person', 'S1', 'fr', 12, 'refugee youth', 'ircc');
INSERT INTO service_participant
  (participant_id, event_id, client_id, case_id, attended, supports)
VALUES
  (1, 1, 1, 1, 1, 'childminding interpretation');
