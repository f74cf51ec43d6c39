INSERT INTO referral
  (referral_id, case_id, direction, from_org, to_org, service_wanted, reason_code, channel, status, status_at, worker, hub_referral_no)
VALUES
  (1, 1, 'IN', 'harbour', 'lakeside', 'employment', 'employment', 'hub', 'RECEIVED', '2026-05-04 09:00:00', 'w-17', 'K7QM2XWBR4TD');
INSERT INTO follow_up
  (follow_up_id, case_id, month, due_on, done_on, method, reached, satisfaction, situation, needs_booking)
VALUES
  (1, 1, 3, '2026-05-20', '2026-05-22', 'phone', 1, 4, 'EMPLOYED_FT', 0);
