namespace PipelineBackup.Sequences;

/// <summary>A failure of a call as a plain value, for what carries calls between processes.</summary>
/// <param name="Number">The engine's number; 0 where it has none.</param>
/// <param name="Symbol">The engine's symbol; empty where it has none.</param>
/// <param name="Message">What failed.</param>
/// <param name="Hint">What to do next; may be empty.</param>
/// <param name="ExitCode">How a program that ends with it should end.</param>
public sealed record SequenceFault(int Number, string Symbol, string Message, string Hint, ExitCode ExitCode)
{
    /// <summary>The value of a failure.</summary>
    /// <param name="failure">What a call threw.</param>
    public static SequenceFault Of(BackupException failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return new(failure.Error?.Number ?? 0, failure.Error?.Symbol ?? "", failure.Message, failure.Hint,
            failure.ExitCode);
    }

    /// <summary>The failure again, to be thrown where the call was made.</summary>
    public BackupException ToException() => new(Message)
    {
        Error = Number == 0 ? null : new(Number, Symbol),
        Hint = Hint,
        ExitCode = ExitCode,
    };
}
