using System.Globalization;

namespace PipelineBackup.Stores.Tests;

/// <summary>How many seeds the trips try.</summary>
internal static class Seeds
{
    /// <summary>Runs a body for each seed, as many as usual or as <c>PIPELINEBACKUP_SEEDS</c> says; what fails names its seed, what hangs too.</summary>
    public static async Task EachAsync(int usual, Func<int, Task> body)
    {
        string? more = Environment.GetEnvironmentVariable("PIPELINEBACKUP_SEEDS");
        int count = int.TryParse(more, NumberStyles.None, CultureInfo.InvariantCulture, out int asked) ? asked : usual;
        foreach (int seed in Enumerable.Range(1, count))
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            try
            {
                await Task.Run(() => body(seed)).WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
            }
            catch (TimeoutException)
            {
                Assert.Fail($"seed {seed} hangs");
            }
            catch (Exception failure) when (!IsSkip(failure) && !TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                throw new InvalidOperationException($"seed {seed}: {failure.Message}", failure);
            }
        }
    }

    // xUnit tells a test that is skipped by an exception of this message.
    private static bool IsSkip(Exception failure) => failure.Message.StartsWith("$XunitDynamicSkip$", StringComparison.Ordinal);
}
