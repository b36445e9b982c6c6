namespace PipelineBackup;

/// <summary>An operation of this library failed. The derived types say on which side.</summary>
/// <param name="message">What failed, in lower case, with the name of the thing it failed on.</param>
/// <param name="inner">The failure beneath, where there is one.</param>
public class BackupException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What to do next, one sentence; empty when there is nothing to add.</summary>
    public string Hint { get; init; } = "";

    /// <summary>The engine's error, where it has one.</summary>
    public JetError? Error { get; init; }

    /// <summary>How a program that ends with this failure should end.</summary>
    public ExitCode ExitCode { get; init; } = ExitCode.Failed;
}
