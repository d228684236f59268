//! Descriptors that the server has: `grpc.reflection.v1`.
use std::collections::HashSet;

use proconsul_client::grpc::GrpcChannel;
use prost_reflect::{DescriptorPool, prost::Message, prost_types::FileDescriptorProto};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status, Streaming};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, ServerReflectionResponse, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

/// How many files are asked for at most: as many as nobody has, so that a server that makes them up does not go on for ever.
const FILES_MAX: usize = 4096;

/// The files of a service and of all that they import.
///
/// # Errors
/// The server has no such service, no reflection, or files that do not fit together.
pub(super) async fn pool(channel: &GrpcChannel, request: Request<()>, service: &str) -> Result<DescriptorPool, Status> {
    // One question at a time.
    let (asked, questions) = mpsc::channel(1);
    let about_service = MessageRequest::FileContainingSymbol(service.to_owned());
    ask(&asked, about_service).await?;
    let mut client = ServerReflectionClient::new(channel.clone());
    let request = request.map(|()| ReceiverStream::new(questions));
    let mut answers = client.server_reflection_info(request).await?.into_inner();
    let mut files: Vec<FileDescriptorProto> = answer(&mut answers).await?;
    let mut known: HashSet<String> = files.iter().map(|file| file.name().to_owned()).collect();
    let mut at = 0;
    while let Some(file) = files.get(at) {
        at += 1;
        for import in file.dependency.clone() {
            if known.contains(&import) {
                continue;
            }
            if known.len() >= FILES_MAX {
                return Err(Status::resource_exhausted(format!("the server has more than {FILES_MAX} files")));
            }
            ask(&asked, MessageRequest::FileByFilename(import)).await?;
            let more = answer(&mut answers).await?;
            files.extend(more.into_iter().filter(|file| known.insert(file.name().to_owned())));
        }
    }
    let mut pool = DescriptorPool::new();
    let unfit = |error| Status::internal(format!("the server's descriptors do not fit together: {error}"));
    pool.add_file_descriptor_protos(files).map_err(unfit)?;
    Ok(pool)
}

async fn ask(asked: &mpsc::Sender<ServerReflectionRequest>, what: MessageRequest) -> Result<(), Status> {
    let question = ServerReflectionRequest { host: String::new(), message_request: Some(what) };
    asked.send(question).await.map_err(|_| Status::unavailable("the server takes no more questions"))
}

async fn answer(answers: &mut Streaming<ServerReflectionResponse>) -> Result<Vec<FileDescriptorProto>, Status> {
    let answer = answers.message().await?.and_then(|answer| answer.message_response);
    match answer {
        Some(MessageResponse::FileDescriptorResponse(found)) => {
            let files = found.file_descriptor_proto.iter().map(|bytes| FileDescriptorProto::decode(&bytes[..]));
            files.collect::<Result<_, _>>().map_err(|error| Status::internal(format!("a descriptor: {error}")))
        }
        Some(MessageResponse::ErrorResponse(error)) => {
            Err(Status::new(error.error_code.into(), format!("reflection: {}", error.error_message)))
        }
        _ => Err(Status::internal("reflection: no answer")),
    }
}
