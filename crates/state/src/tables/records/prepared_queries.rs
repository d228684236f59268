//! Questions about services, stored under a name. Source: `prepared_query.go`.
//!
//! Templates are not compiled here: one that does not compile is refused by the endpoint.

use std::sync::Arc;

use proconsul_msgpack::GoStr;
use proconsul_structs::prepared_query::{PreparedQuery, PreparedQueryOp, PreparedQueryRequest, QueryTemplateType};
use proconsul_types::{GoQuoted, WireText};

use super::{BadKey, Record, refused};
use crate::Outcome;
use crate::fold;
use crate::tables::transaction::Transaction;

impl Transaction<'_> {
    pub(super) fn apply_prepared_query(&mut self, request: &PreparedQueryRequest) -> Result<Outcome, WireText> {
        let Some(query) = &request.query else { return Err(refused("missing prepared query")) };
        match &request.op {
            PreparedQueryOp::Create | PreparedQueryOp::Update => self.set_prepared_query(query),
            PreparedQueryOp::Delete => {
                let text = |cause| refused(format!("failed prepared query delete: {}", lookup(cause)));
                let key = PreparedQuery::key_of(&[&query.id]).map_err(text)?;
                self.remove_record::<PreparedQuery>(key);
                Ok(())
            }
            other => Err(refused(format!("Invalid PreparedQuery operation '{other}'"))),
        }?;
        Ok(Outcome::Nothing)
    }

    fn set_prepared_query(&mut self, query: &PreparedQuery) -> Result<(), WireText> {
        if query.id.is_empty() {
            return Err(refused("Missing Query ID"));
        }
        self.stored::<PreparedQuery>(&[&query.id]).map_err(|cause| refused(lookup(cause)))?;
        let queries = || self.tables.records.prepared_queries.values();
        let another = |other: &Arc<PreparedQuery>| !fold::same(&other.id, &query.id);
        if !query.name.is_empty() {
            if queries().any(|other| another(other) && fold::same(&other.name, &query.name)) {
                return Err(refused(format!("name '{}' aliases an existing query name", query.name)));
            }
        } else if is_template(query)
            && queries().any(|other| another(other) && is_template(other) && other.name.is_empty())
        {
            return Err(refused("a query template with an empty name already exists"));
        }
        if let Ok(Some(_)) = self.stored::<PreparedQuery>(&[&query.name]) {
            return Err(refused(format!("name '{}' aliases an existing query ID", query.name)));
        }
        // A query that is tied to a session ends with it.
        if !query.session.is_empty() && self.tables.sessions.get(&query.session).is_none() {
            let session = query.session.to_str_lossy();
            return Err(WireText::invalid_session(GoQuoted(&session)));
        }
        self.store_record(query.clone()).map_err(|cause| refused(format!("failed inserting prepared query: {cause}")))
    }

    /// Removes the queries that end with a session.
    pub(in crate::tables) fn delete_queries_of_session(&mut self, session: &GoStr) {
        let queries = self.tables.records.prepared_queries.values();
        let tied = queries.filter(|query| !query.session.is_empty() && fold::same(&query.session, session));
        let keys: Vec<_> = tied.filter_map(|query| query.key().ok()).collect();
        for key in keys {
            self.remove_record::<PreparedQuery>(key);
        }
    }
}

fn is_template(query: &PreparedQuery) -> bool {
    query.template.template_type != QueryTemplateType::None
}

fn lookup(cause: BadKey) -> String {
    format!("failed prepared query lookup: {cause}")
}
