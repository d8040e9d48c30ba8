DROP TABLE object_version;
DROP FUNCTION object_version_kept();
DROP TABLE object_apply;
