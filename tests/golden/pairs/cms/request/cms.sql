INSERT INTO language_result
  (language_id, client_id, assessed_on, kind, tool, listening, speaking, reading, writing, centre_site, assessor)
VALUES
  (1, 1, '2026-03-02', 'I', 'CLBPT', '06', '05', '05', '04', 'TOR01', 'A-17');
INSERT INTO referral
  (referral_id, case_id, direction, from_org, to_org, service_wanted, urgency, reason_code, reason_text, channel, sent_at, status, status_at, worker)
VALUES
  (1, 1, 'OUT', 'harbour', 'lakeside', 'employment', 'urgent', 'language', 'Looks for work near home.', 'hub', '2026-05-04 09:00:00', 'SENT', '2026-05-05 10:00:00', 'w-17');
INSERT INTO presenting_issue
  (case_id, rank, issue_code)
VALUES
  (1, 1, 'housing'),
  (1, 2, 'childcare');
INSERT INTO assessment
  (assessment_id, case_id, done_on, kind, needs, strengths, barriers, priority)
VALUES
  (1, 1, '2026-02-01', 'initial', 'A job near home', 'Bakes well', 'No car', 'high');
INSERT INTO client
  (client_id, file_no, is_anonymous, last_name, first_name, birth_date, birth_date_quality, address_confidential)
VALUES
  (2, '2026-000002', 0, 'Okonkwo-Tremblay', 'Ada', '2019-03-08', 'E', 0);
INSERT INTO client_relation
  (relation_id, client_id, related_client_id, relation, same_household)
VALUES
  (1, 1, 2, 'child', 1);
