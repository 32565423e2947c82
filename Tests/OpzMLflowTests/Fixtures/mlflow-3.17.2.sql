PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO alembic_version VALUES('dc11669786a5');
CREATE TABLE IF NOT EXISTS "runs" (
	run_uuid VARCHAR(32) NOT NULL, 
	name VARCHAR(250), 
	source_type VARCHAR(20), 
	source_name VARCHAR(500), 
	entry_point_name VARCHAR(50), 
	user_id VARCHAR(256), 
	status VARCHAR(9), 
	start_time BIGINT, 
	end_time BIGINT, 
	source_version VARCHAR(50), 
	lifecycle_stage VARCHAR(20), 
	artifact_uri VARCHAR(200), 
	experiment_id INTEGER, deleted_time BIGINT, 
	CONSTRAINT run_pk PRIMARY KEY (run_uuid), 
	CONSTRAINT source_type CHECK (source_type IN ('NOTEBOOK', 'JOB', 'LOCAL', 'UNKNOWN', 'PROJECT')), 
	CONSTRAINT runs_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')), 
	FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id), 
	CHECK (status IN ('SCHEDULED', 'FAILED', 'FINISHED', 'RUNNING', 'KILLED'))
);
INSERT INTO runs VALUES('30f0fea6cda64150a390db630e8a6f49','marvelous-bat-422','UNKNOWN','','','root','FINISHED',1795485773086,1795485773515,'','active','@ROOT@/mlruns/1/30f0fea6cda64150a390db630e8a6f49/artifacts',1,NULL);
INSERT INTO runs VALUES('181cd819f4ce4180b8ebc57382c0d871','bouncy-auk-561','UNKNOWN','','','root','FINISHED',1795485773521,1795485773588,'','active','@ROOT@/mlruns/1/181cd819f4ce4180b8ebc57382c0d871/artifacts',1,NULL);
INSERT INTO runs VALUES('213b0a18c1a748e3bf398fd2e7750acc','valuable-bass-61','UNKNOWN','','','root','FINISHED',1795485773591,1795485773656,'','active','@ROOT@/mlruns/1/213b0a18c1a748e3bf398fd2e7750acc/artifacts',1,NULL);
CREATE TABLE IF NOT EXISTS "latest_metrics" (
	"key" VARCHAR(250) NOT NULL, 
	value FLOAT NOT NULL, 
	timestamp BIGINT, 
	step BIGINT NOT NULL, 
	is_nan BOOLEAN NOT NULL, 
	run_uuid VARCHAR(32) NOT NULL, 
	CONSTRAINT latest_metric_pk PRIMARY KEY ("key", run_uuid), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid), 
	CHECK (is_nan IN (0, 1))
);
INSERT INTO latest_metrics VALUES('auc',0.82000000000000006217,1795485773108,2,0,'30f0fea6cda64150a390db630e8a6f49');
INSERT INTO latest_metrics VALUES('nan',0.0,1795485773113,0,1,'30f0fea6cda64150a390db630e8a6f49');
INSERT INTO latest_metrics VALUES('auc',0.83000000000000007105,1795485773532,2,0,'181cd819f4ce4180b8ebc57382c0d871');
INSERT INTO latest_metrics VALUES('nan',0.0,1795485773534,0,1,'181cd819f4ce4180b8ebc57382c0d871');
INSERT INTO latest_metrics VALUES('auc',0.84000000000000007993,1795485773601,2,0,'213b0a18c1a748e3bf398fd2e7750acc');
INSERT INTO latest_metrics VALUES('nan',0.0,1795485773606,0,1,'213b0a18c1a748e3bf398fd2e7750acc');
CREATE TABLE IF NOT EXISTS "params" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(8000) NOT NULL, 
	run_uuid VARCHAR(32) NOT NULL, 
	CONSTRAINT param_pk PRIMARY KEY ("key", run_uuid), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)
);
INSERT INTO params VALUES('depth','1','30f0fea6cda64150a390db630e8a6f49');
INSERT INTO params VALUES('depth','2','181cd819f4ce4180b8ebc57382c0d871');
INSERT INTO params VALUES('depth','3','213b0a18c1a748e3bf398fd2e7750acc');
CREATE TABLE IF NOT EXISTS "tags" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(8000), 
	run_uuid VARCHAR(32) NOT NULL, 
	CONSTRAINT tag_pk PRIMARY KEY ("key", run_uuid), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)
);
INSERT INTO tags VALUES('mlflow.user','root','30f0fea6cda64150a390db630e8a6f49');
INSERT INTO tags VALUES('mlflow.source.name','make.py','30f0fea6cda64150a390db630e8a6f49');
INSERT INTO tags VALUES('mlflow.source.type','LOCAL','30f0fea6cda64150a390db630e8a6f49');
INSERT INTO tags VALUES('mlflow.runName','marvelous-bat-422','30f0fea6cda64150a390db630e8a6f49');
INSERT INTO tags VALUES('mlflow.user','root','181cd819f4ce4180b8ebc57382c0d871');
INSERT INTO tags VALUES('mlflow.source.name','make.py','181cd819f4ce4180b8ebc57382c0d871');
INSERT INTO tags VALUES('mlflow.source.type','LOCAL','181cd819f4ce4180b8ebc57382c0d871');
INSERT INTO tags VALUES('mlflow.runName','bouncy-auk-561','181cd819f4ce4180b8ebc57382c0d871');
INSERT INTO tags VALUES('mlflow.user','root','213b0a18c1a748e3bf398fd2e7750acc');
INSERT INTO tags VALUES('mlflow.source.name','make.py','213b0a18c1a748e3bf398fd2e7750acc');
INSERT INTO tags VALUES('mlflow.source.type','LOCAL','213b0a18c1a748e3bf398fd2e7750acc');
INSERT INTO tags VALUES('mlflow.runName','valuable-bass-61','213b0a18c1a748e3bf398fd2e7750acc');
CREATE TABLE logged_models (
	model_id VARCHAR(36) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(500) NOT NULL, 
	artifact_location VARCHAR(1000) NOT NULL, 
	creation_timestamp_ms BIGINT NOT NULL, 
	last_updated_timestamp_ms BIGINT NOT NULL, 
	status INTEGER NOT NULL, 
	lifecycle_stage VARCHAR(32), 
	model_type VARCHAR(500), 
	source_run_id VARCHAR(32), 
	status_message VARCHAR(1000), 
	CONSTRAINT logged_models_pk PRIMARY KEY (model_id), 
	CONSTRAINT logged_models_lifecycle_stage_check CHECK (lifecycle_stage IN ('active', 'deleted')), 
	CONSTRAINT fk_logged_models_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id) ON DELETE CASCADE
);
INSERT INTO logged_models VALUES('m-9bb1ceef14cb4556a4b81a043f5d7c0c',1,'model','@ROOT@/mlruns/1/models/m-9bb1ceef14cb4556a4b81a043f5d7c0c/artifacts',1795485773128,1795485773479,2,'active',NULL,'30f0fea6cda64150a390db630e8a6f49',NULL);
INSERT INTO logged_models VALUES('m-e70556a57b1943c0bc430c52eb46accc',1,'model','@ROOT@/mlruns/1/models/m-e70556a57b1943c0bc430c52eb46accc/artifacts',1795485773543,1795485773566,2,'active',NULL,'181cd819f4ce4180b8ebc57382c0d871',NULL);
INSERT INTO logged_models VALUES('m-727ab9ac334f40c29b2a04ffae8d4583',1,'model','@ROOT@/mlruns/1/models/m-727ab9ac334f40c29b2a04ffae8d4583/artifacts',1795485773615,1795485773638,2,'active',NULL,'213b0a18c1a748e3bf398fd2e7750acc',NULL);
CREATE TABLE IF NOT EXISTS "registered_models" (
	name VARCHAR(256) NOT NULL, 
	creation_time BIGINT, 
	last_updated_time BIGINT, 
	description VARCHAR(5000), 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT registered_model_pk PRIMARY KEY (workspace, name)
);
INSERT INTO registered_models VALUES('churn',1795485773496,1795485773712,NULL,'default');
INSERT INTO registered_models VALUES('Fraud Model!',1795485773691,1795485773703,'odd name','default');
CREATE TABLE IF NOT EXISTS "model_versions" (
	name VARCHAR(256) NOT NULL, 
	version INTEGER NOT NULL, 
	creation_time BIGINT, 
	last_updated_time BIGINT, 
	description VARCHAR(5000), 
	user_id VARCHAR(256), 
	current_stage VARCHAR(20), 
	source VARCHAR(500), 
	run_id VARCHAR(32), 
	status VARCHAR(20), 
	status_message VARCHAR(500), 
	run_link VARCHAR(500), 
	storage_location VARCHAR(500), 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT model_version_pk PRIMARY KEY (workspace, name, version), 
	CONSTRAINT fk_model_versions_registered_models FOREIGN KEY(workspace, name) REFERENCES registered_models (workspace, name) ON UPDATE CASCADE
);
INSERT INTO model_versions VALUES('churn',1,1795485773503,1795485773712,NULL,NULL,'Deleted_Internal','REDACTED-SOURCE-PATH','REDACTED-RUN-ID','READY',NULL,'REDACTED-RUN-LINK','@ROOT@/mlruns/1/models/m-9bb1ceef14cb4556a4b81a043f5d7c0c/artifacts','default');
INSERT INTO model_versions VALUES('churn',2,1795485773579,1795485773662,replace('# Second\nBetter.','\n',char(10)),NULL,'None','models:/m-e70556a57b1943c0bc430c52eb46accc','181cd819f4ce4180b8ebc57382c0d871','READY',NULL,NULL,'@ROOT@/mlruns/1/models/m-e70556a57b1943c0bc430c52eb46accc/artifacts','default');
INSERT INTO model_versions VALUES('churn',3,1795485773647,1795485773647,NULL,NULL,'None','models:/m-727ab9ac334f40c29b2a04ffae8d4583','213b0a18c1a748e3bf398fd2e7750acc','READY',NULL,NULL,'@ROOT@/mlruns/1/models/m-727ab9ac334f40c29b2a04ffae8d4583/artifacts','default');
INSERT INTO model_versions VALUES('Fraud Model!',1,1795485773703,1795485773703,NULL,NULL,'None','models:/m-9bb1ceef14cb4556a4b81a043f5d7c0c','213b0a18c1a748e3bf398fd2e7750acc','READY',NULL,NULL,'@ROOT@/mlruns/1/models/m-9bb1ceef14cb4556a4b81a043f5d7c0c/artifacts','default');
CREATE TABLE IF NOT EXISTS "registered_model_tags" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(5000), 
	name VARCHAR(256) NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT registered_model_tag_pk PRIMARY KEY (workspace, "key", name), 
	CONSTRAINT fk_registered_model_tags_registered_models FOREIGN KEY(workspace, name) REFERENCES registered_models (workspace, name) ON UPDATE CASCADE
);
INSERT INTO registered_model_tags VALUES('owner','ada','churn','default');
CREATE TABLE IF NOT EXISTS "model_version_tags" (
	"key" VARCHAR(250) NOT NULL, 
	value TEXT, 
	name VARCHAR(256) NOT NULL, 
	version INTEGER NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT model_version_tag_pk PRIMARY KEY (workspace, "key", name, version), 
	CONSTRAINT fk_model_version_tags_model_versions FOREIGN KEY(workspace, name, version) REFERENCES model_versions (workspace, name, version) ON UPDATE CASCADE
);
INSERT INTO model_version_tags VALUES('team','crm','churn',2,'default');
CREATE TABLE IF NOT EXISTS "registered_model_aliases" (
	alias VARCHAR(256) NOT NULL, 
	version INTEGER NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT registered_model_alias_pk PRIMARY KEY (workspace, name, alias), 
	CONSTRAINT fk_registered_model_aliases_registered_models FOREIGN KEY(workspace, name) REFERENCES registered_models (workspace, name) ON DELETE CASCADE ON UPDATE CASCADE
);
INSERT INTO registered_model_aliases VALUES('champion',2,'churn','default');
INSERT INTO registered_model_aliases VALUES('Challenger_1',3,'churn','default');
COMMIT;
