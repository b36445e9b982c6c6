namespace PipelineBackup.Engine.Tests.Backup;

/// <summary>Hears what an engine tells.</summary>
internal sealed class Heard(List<EngineEvent> events) : IProgress<EngineEvent>
{
    public void Report(EngineEvent value)
    {
        lock (events)
            events.Add(value);
    }
}
