-- The day on which somebody was last asked whether she is pregnant: an answer does not count for ever.
alter table patients add column pregnancy_asked_on text;
