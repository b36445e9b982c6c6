namespace PipelineBackup.Testing;

/// <summary>A sink or source broke a law, or a planned fault never happened.</summary>
/// <param name="law">Name of the law; empty where it is none.</param>
/// <param name="message">What was seen and what the law wants instead.</param>
/// <param name="inner">The failure beneath, where there is one.</param>
public sealed class ConformanceException(string law, string message, Exception? inner = null)
    : Exception(law.Length == 0 ? message : $"law '{law}': {message}", inner)
{
    /// <summary>Name of the law that was broken; empty where it is none.</summary>
    public string Law { get; } = law;

    /// <summary>What was seen and what the law wants instead, without the name of the law.</summary>
    public string Seen { get; } = message;
}
