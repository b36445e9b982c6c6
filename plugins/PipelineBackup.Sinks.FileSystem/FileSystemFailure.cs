using PipelineBackup.Shared;

namespace PipelineBackup.Sinks.FileSystem;

/// <summary>What a failure of the file system means to a caller of the sink.</summary>
internal static class FileSystemFailure
{
    /// <summary>Whether an exception comes from the file system and so has an answer here.</summary>
    /// <param name="failure">The exception.</param>
    public static bool Is(Exception failure) => failure is IOException or UnauthorizedAccessException;

    /// <summary>The sink's failure for one of the file system.</summary>
    /// <param name="failure">What the file system said.</param>
    /// <param name="what">What was being done, in lower case, for instance <c>cannot store 'a/b'</c>.</param>
    public static SinkException Of(Exception failure, string what)
    {
        string message = $"{what}: {failure.Message}";
        return DurableFile.FaultOf(failure) switch
        {
            FileFault.Full => new(message, failure)
            {
                Failure = SinkFailure.Full,
                Error = JetError.DiskFull,
                Hint = "free space on the disk of the store, raise the quota, or expire old backups",
            },
            FileFault.Denied => new(message, failure)
            {
                Failure = SinkFailure.AccessDenied,
                Error = JetError.AccessDenied,
                Hint = "run as a user that may read and write the store's directory, and check that it is not read-only",
            },
            FileFault.NotFound => new(message, failure)
            {
                Failure = SinkFailure.NotFound,
                Error = JetError.FileNotFound,
                ExitCode = ExitCode.NotFound,
            },
            // Here "exists" comes from making a directory; that an object's name is taken, the rename tells.
            FileFault.NotDirectory or FileFault.Exists => new(message, failure)
            {
                Hint = "a file has the name that the store needs for a directory; move it away",
            },
            FileFault.CrossDevice => new(message, failure)
            {
                Hint = "keep the whole store, its .tmp directory included, on one file system",
            },
            FileFault.Unsupported => new(message, failure)
            {
                Hint =
                    "this file system cannot create a name without replacing; choose another one for the store",
            },
            FileFault.Passing => new(message, failure) { Error = JetError.DiskIO, Transient = true },
            _ => new(message, failure) { Error = JetError.DiskIO },
        };
    }

    /// <summary>There is no such object, or its range lies beyond the end.</summary>
    /// <param name="message">What was asked for.</param>
    /// <param name="failure">What the file system said, where it was asked.</param>
    public static SinkException NotFound(string message, Exception? failure = null) =>
        new(message, failure)
        {
            Failure = SinkFailure.NotFound,
            Error = JetError.FileNotFound,
            ExitCode = ExitCode.NotFound,
        };

    /// <summary>The name is taken.</summary>
    /// <param name="name">The name.</param>
    public static SinkException AlreadyExists(ObjectName name) =>
        new($"object '{name}' is there already") { Failure = SinkFailure.AlreadyExists };

    /// <summary>A symbolic link lies in the way; the store does not follow it.</summary>
    /// <param name="path">The link.</param>
    public static SinkException Link(string path) =>
        new($"'{path}' is a symbolic link, which the store does not follow")
    {
        Failure = SinkFailure.AccessDenied,
        Error = JetError.AccessDenied,
        Hint = "put the directory itself in its place, or mount it there",
    };
}
