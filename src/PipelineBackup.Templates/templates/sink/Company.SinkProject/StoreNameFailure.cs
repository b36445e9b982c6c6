using PipelineBackup;

namespace Company.SinkProject;

/// <summary>What a failure of the store means to a caller of the sink.</summary>
internal static class StoreNameFailure
{
    // No space left: ERROR_DISK_FULL on Windows, ENOSPC elsewhere.
    private const int FullOnWindows = 112, Full = 28;

    /// <summary>Whether an exception comes from the store and so has an answer here.</summary>
    /// <param name="failure">The exception.</param>
    public static bool Is(Exception failure) =>
        failure is IOException or UnauthorizedAccessException or TimeoutException;

    /// <summary>The sink's failure for one of the store.</summary>
    /// <param name="failure">What the store said.</param>
    /// <param name="what">What was being done, in lower case, with the name of the object.</param>
    public static SinkException Of(Exception failure, string what)
    {
        string message = $"{what}: {failure.Message}";
        return failure switch
        {
            FileNotFoundException or DirectoryNotFoundException => NotFound(message, failure),
            UnauthorizedAccessException => new(message, failure)
            {
                Failure = SinkFailure.AccessDenied,
                Error = JetError.AccessDenied,
                Hint = "run as a user that may read and write the folder of the store",
            },
            IOException { HResult: var code } when IsFull(code) => new(message, failure)
            {
                Failure = SinkFailure.Full,
                Error = JetError.DiskFull,
                Hint = "free space on the disk of the store, or expire old backups",
            },
            // Only what the same call may not meet again a moment later.
            TimeoutException => new(message, failure) { Transient = true },
            _ => new(message, failure) { Error = JetError.DiskIO },
        };
    }

    /// <summary>There is no such object, or its range lies beyond the end.</summary>
    /// <param name="message">What was asked for.</param>
    /// <param name="failure">What the store said, where it was asked.</param>
    public static SinkException NotFound(string message, Exception? failure = null) => new(message, failure)
    {
        Failure = SinkFailure.NotFound,
        Error = JetError.FileNotFound,
        ExitCode = ExitCode.NotFound,
    };

    private static bool IsFull(int code) =>
        OperatingSystem.IsWindows() ? (code & 0xFFFF) == FullOnWindows : code == Full;
}
