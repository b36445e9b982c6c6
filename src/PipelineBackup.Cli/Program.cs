using System.Runtime.InteropServices;
using System.Text;
using PipelineBackup;
using PipelineBackup.Cli;

Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
using var stopping = new CancellationTokenSource();

// The first signal asks the command to end in good order; a second one ends the process as the system does it.
void Stop(PosixSignalContext signal)
{
    if (stopping.IsCancellationRequested)
        return;
    signal.Cancel = true;
    stopping.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

var terminal = new Terminal
{
    Output = Console.Out,
    Error = Console.Error,
    CanRedraw = !Console.IsErrorRedirected,
    Width = () => !Console.IsErrorRedirected && Console.WindowWidth is > 0 and var width ? width : 80,
};
try
{
    var exit = await CommandLine.RunAsync(args, terminal, stopping.Token);
    Console.Out.Flush();
    return (int)exit;
}
catch (IOException)
{
    // Nobody reads the output any more, as behind '| head'.
    return (int)ExitCode.Failed;
}
